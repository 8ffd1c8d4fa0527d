# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Published Diffie-Hellman primes, by which many servers are known: RFC groups, and what programs have built in.

Sources: RFC 2409 section 6, RFC 3526, RFC 5114, RFC 7919 appendix A; Postfix, src/tls/tls_dh.c at the tags 2.10.0 to 3.10.0;
sendmail 8.17, sendmail/tls.c; Exim, src/std-crypto.c; the rest as etc/common-primes.txt of testssl.sh names them, which
takes them from nmap's ssl-dh-params and from the survey of weakdh.org (Adrian and others, 2015).
A prime stands here as its remainder modulo 2^127 - 1, which tells them apart and is read fast.
"""

from __future__ import annotations

import typing as t

_MODULUS: t.Final = 2**127 - 1
_PRIMES: t.Final = """\
2f27327d9c256d37c6280d3dd36e8372 RFC 2409 group 1
6236083f128624d4a5dbeff6166b2d50 RFC 2409 group 2
26e6f84928d0bc35061d00287da3bb69 RFC 3526 group 5
6b15d70969d3a40b0865800da53a1560 RFC 3526 group 14
78730a8722c2753dd585ee73f78543bf RFC 3526 group 15
3fda1989ed6f2fbef0e46cbc2cba28e6 RFC 3526 group 16
0f5fa5113e0611707dd0cd41be83e9d9 RFC 3526 group 17
4698e6438c5840c4e4864c61df3f4f9a RFC 3526 group 18
5105fa85eb57cec74c194a1a87012a01 RFC 5114 1024-bit with 160-bit subgroup
73aee5d0d3dc8c9928d3ee2026de1c95 RFC 5114 2048-bit with 224-bit subgroup
4b24af6baf29be9b9db2d638575bad2e RFC 5114 2048-bit with 256-bit subgroup
0abae9fba73ee9b64bcd5c253b28e42d RFC 7919 ffdhe2048
0b28b4e5fed888b4444941aba73469ec RFC 7919 ffdhe3072
27f22442a615b71214b9ab0bdace9c1f RFC 7919 ffdhe4096
79a58dae46a1c358c78a191fb059d788 RFC 7919 ffdhe6144
3dda3e815c55d576570bd6c290de5022 RFC 7919 ffdhe8192
4d1838da0410ca204a6f300b184caf6d Postfix built-in (2.2 to 3.0)
1aea735513e807bebc46aea4edcc9fed Postfix built-in (2.2 to 3.0)
2822c0e5179be1b6064474f45bd6ec35 Postfix built-in (3.0 to 3.5)
1b35d4ca3bc371579c09f4131ae560c3 Postfix built-in (3.0 to 3.6)
242efa28f1c0dcae5383f2b05dd4b40e Postfix built-in (from 3.7)
6e2d62772b5c818d7c5f7d0126ae238d Postfix built-in (3.0 to 3.6)
58970c099d7903d8c465c7713092f4b2 sendmail built-in
637838a8a760f9bbdeb34ad8984866fe sendmail built-in
7eb01d86fa91a58d8f368a8865ed6c22 Exim exim.dev.20160529.1
35c9e9959a99b9389599abc9b7172c3c Exim exim.dev.20160529.2
0752fd31ea0fe8d2087b2597d3c0e927 Exim exim.dev.20160529.3
3c3e3ed9531a84193a97141c1dcd711c Apache mod_ssl 2.0 built-in
1dd3dccae057099b082e90aa97730299 Apache mod_ssl 2.2 built-in
00ad0f789fbf5faf5fa1f6abd28dbda9 Apache mod_ssl 2.2 built-in
2650c66d67fbb44f1479dbaf1ec33610 Apache mod_ssl 2.2 built-in
69a4880bc8091c9e20352ea4688b4837 nginx built-in
7810b9e0859bf78a2ff25630d5c53383 Java built-in
090f1301ff51c5adff9b73c088b82ceb Java built-in
14da85f0accc31407144beb64a4140cf Java built-in
7058053e386cc64b4783921a7cd6df18 OpenSSL s_server built-in
026704cd0ecb166f4c9ae679228eb539 OpenSSL s_server built-in
0152c9cea26ac5009885c8d8f20aeabd OpenSSL s_server built-in
4792ca933de9c47d3c9ffaddb7beefce OpenSSL s_server built-in
739405acf37ef29bfc7d0a5873c3af27 weakdh.org shared 1024-bit prime
0a3caf76da31479929ac1829683e119e weakdh.org shared 1024-bit prime
45a3915a4311a54e855ebeb5a58bee8b weakdh.org shared 1024-bit prime
1f4eb20824ad17023c1e57b6331a8e1d weakdh.org shared 1024-bit prime
7269ed68912876f78242ff59a4c7a5f4 weakdh.org shared 1024-bit prime
02fa9ff7c1a5464bd852fc9ce438a46b weakdh.org shared 1024-bit prime
12d5afe97e716613c4cf0f3b14f1e65c weakdh.org shared 1024-bit prime
0b43b7a2af778b6d45be31480f441769 weakdh.org shared 1024-bit prime
0807f995aad57e2d3893957807ce1ab6 weakdh.org shared 1024-bit prime
03e28a825723341d2ed97a627725473f weakdh.org shared 1024-bit prime
4aa6716cc5f9a1c889ce62e3752b232d IronPort built-in
06f56da43e19acb2937c3bbfdbc996c4 SKIP (files of OpenSSL)
7e04fff91832f81e654c5269652dc1e9 SKIP (files of OpenSSL)
56de11493eaec81df117d8d8a713de2b HAProxy built-in
3c69a5799facdd10a699f19f08741f3a HAProxy built-in
5844d42538aad2a4556cbd748c5b011f HAProxy built-in
"""
_NAMES: t.Final[dict[str, str]] = dict(
    t.cast("tuple[str, str]", tuple(line.split(" ", 1))) for line in _PRIMES.splitlines()
)


def name_of(prime: int) -> str:
    """Where a prime is published, or an empty text: C(RFC 3526 group 14), C(Postfix built-in (from 3.7))."""
    return _NAMES.get(f"{prime % _MODULUS:032x}", "")


__all__ = ["name_of"]
