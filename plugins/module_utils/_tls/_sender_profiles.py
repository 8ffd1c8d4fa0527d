# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The sending mail servers: their hellos and habits, each with its source and date.

A line without a blank before it is a name; the lines below it are its fields; two blanks go on with the field before.
hello: version of the record (0002: the form of SSL 2.0), version, length of the session id. suites: codes by
preference. extensions: number=content in order, number@groups for key shares. floor: the oldest version that is taken,
where no extension tells. minimum_dh, minimum_rsa: bits. refuses: legacy-signature where a signature with SHA-1 or MD5,
as before TLS 1.2, is not taken; unsafe-renegotiation where the server must know RFC 5746. plaintext: plaintext,
deferred or unknown, and why: what becomes of the mail.
tests/tools/record_senders.py records them again and compares; docs/senders.md says how.
"""

from __future__ import annotations

import typing as t

PROFILES: t.Final = """\
postfix-3.5
 title Postfix 3.5 with OpenSSL 1.1.1 (Debian 11), security level may or encrypt
 source recorded: smtp(8) of Debian bullseye
 date 2026-11-22
 mta postfix
 library openssl-1.1.1
 minimum_dh 1024
 plaintext plaintext from the first retry on, 5 minutes later (minimal_backoff_time): postfix/src/smtp/smtp.h at v3.7.11
 hello 0301 0303 32
 suites 1302 1303 1301 00a7 006d 00c5 c019 003a 0089 c02c c030 00a3 009f cca9 cca8 ccaa c0af c0ad c0a3 c09f c05d
  c061 c057 c053 c024 c028 006b 006a c073 c077 00c4 00c3 c00a c014 0039 0038 0088 0087 009d c0a1 c09d c051
  003d 00c0 0035 0084 00a6 006c 00bf c018 0034 0046 c02b c02f 00a2 009e c0ae c0ac c0a2 c09e c05c c060 c056
  c052 c023 c027 0067 0040 c072 c076 00be 00bd c009 c013 0033 0032 0045 0044 009c c0a0 c09c c050 003c 00ba
  002f 0041 009b 009a 0099 0096 00ff
 extensions 11=03000102 10=000a001d001e001700190018 35 22 23
  13=002e040305030603080708080809080a080b080408050806040105010601030302030301020103020202040205020602
  43=080304030303020301 45=0101 51@001d 21=padding

postfix-3.7
 title Postfix 3.7 with OpenSSL 3.0 (Debian 12), security level may or encrypt
 source recorded: smtp(8) of Debian bookworm
 date 2026-11-22
 mta postfix
 library openssl-3.0
 refuses unsafe-renegotiation
 minimum_dh 1024
 plaintext plaintext from the first retry on, 5 minutes later (minimal_backoff_time): postfix/src/smtp/smtp.h at v3.7.11
 hello 0301 0303 32
 suites 1302 1303 1301 00a7 006d 00c5 c019 003a 0089 c02c c030 00a3 009f cca9 cca8 ccaa c0af c0ad c0a3 c09f c05d
  c061 c057 c053 c024 c028 006b 006a c073 c077 00c4 00c3 c00a c014 0039 0038 0088 0087 009d c0a1 c09d c051
  003d 00c0 0035 0084 00a6 006c 00bf c018 0034 0046 c02b c02f 00a2 009e c0ae c0ac c0a2 c09e c05c c060 c056
  c052 c023 c027 0067 0040 c072 c076 00be 00bd c009 c013 0033 0032 0045 0044 009c c0a0 c09c c050 003c 00ba
  002f 0041 00ff
 extensions 11=03000102 10=000a001d001e001700190018 35 22 23
  13=002e040305030603080708080809080a080b080408050806040105010601030302030301020103020202040205020602
  43=080304030303020301 45=0101 51@001d 21=padding

postfix-3.10
 title Postfix 3.10 with OpenSSL 3.5 (Debian 13), security level may or encrypt
 source recorded: smtp(8) of Debian trixie
 date 2026-11-22
 mta postfix
 library openssl-3.5
 refuses unsafe-renegotiation
 minimum_dh 1024
 plaintext plaintext from the first retry on, 5 minutes later (minimal_backoff_time): postfix/src/smtp/smtp.h at v3.7.11
 hello 0301 0303 32
 suites 1302 1303 1301 00a7 006d 00c5 c019 003a 0089 c02c c030 009f cca9 cca8 ccaa c0ad c09f c05d c061 c053 c024
  c028 006b c073 c077 00c4 c00a c014 0039 0088 009d c09d c051 003d 00c0 0035 0084 00a6 006c 00bf c018 0034
  0046 c02b c02f 009e c0ac c09e c05c c060 c052 c023 c027 0067 c072 c076 00be c009 c013 0033 0045 009c c09c
  c050 003c 00ba 002f 0041 c0af c0ae c0a3 c0a2 c0a1 c0a0 00ff
 extensions 11=03000102 10=000e001d001e00170018001901000101 35 22 23
  13=003a09050906090404030503060308070808081a081b081c0809080a080b080408050806040105010601030302030301020103020202040205020602
  43=080304030303020301 45=0101 51@001d 27=0400010003 21=padding

postfix-3.11
 title Postfix 3.11 with OpenSSL 3.6 (Debian sid), security level may or encrypt
 source recorded: smtp(8) of Debian sid
 date 2026-11-22
 mta postfix
 library openssl-3.6
 refuses unsafe-renegotiation
 minimum_dh 1024
 plaintext plaintext from the first retry on, 5 minutes later (minimal_backoff_time): postfix/src/smtp/smtp.h at v3.7.11
 hello 0301 0303 32
 suites 1302 1303 1301 00a7 006d 00c5 c019 003a 0089 c02c c030 009f cca9 cca8 ccaa c0ad c09f c05d c061 c053 c024
  c028 006b c073 c077 00c4 c00a c014 0039 0088 009d c09d c051 003d 00c0 0035 0084 00a6 006c 00bf c018 0034
  0046 c02b c02f 009e c0ac c09e c05c c060 c052 c023 c027 0067 c072 c076 00be c009 c013 0033 0045 009c c09c
  c050 003c 00ba 002f 0041 c0af c0ae c0a3 c0a2 c0a1 c0a0 00ff
 extensions 11=0100 10=001011ec001d0017001e0018001901000101 35 22 23
  13=003a09050906090404030503060308070808081a081b081c0809080a080b080408050806040105010601030302030301020103020202040205020602
  43=080304030303020301 45=0101 51@001d 27=0400010003 21=padding

sendmail-8.15
 title sendmail 8.15 with OpenSSL 1.1.1 (Debian 11)
 source recorded: sendmail of Debian bullseye
 date 2026-11-22
 mta sendmail
 library openssl-1.1.1
 minimum_dh 2048
 plaintext deferred sendmail before 8.16.1 has no other way: RELEASE_NOTES of 8.17.1
 hello 0301 0303 32
 suites 1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039
  c009 c013 0033 009d 009c 003d 003c 0035 002f 00ff
 extensions 11=03000102 10=000a001d0017001e00190018 22 23
  13=0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602 43=0403040303
  45=0101 51@001d

sendmail-8.17
 title sendmail 8.17 with OpenSSL 3.0 (Debian 12)
 source recorded: sendmail of Debian bookworm
 date 2026-11-22
 mta sendmail
 library openssl-3.0
 minimum_dh 2048
 refuses legacy-signature unsafe-renegotiation
 plaintext deferred unless TLSFallbacktoClear is set, which is off: RELEASE_NOTES of 8.17.1, 8.16.1; doc/op/op.me
 hello 0301 0303 32
 suites 1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039
  c009 c013 0033 009d 009c 003d 003c 0035 002f 00ff
 extensions 11=03000102 10=0014001d0017001e0019001801000101010201030104 22 23
  13=0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602
  43=080304030303020301 45=0101 51@001d

sendmail-8.18.1
 title sendmail 8.18.1 with OpenSSL 3.5 (Debian 13)
 source recorded: sendmail of Debian trixie
 date 2026-11-22
 mta sendmail
 library openssl-3.5
 refuses unsafe-renegotiation
 minimum_dh 2048
 plaintext deferred unless TLSFallbacktoClear is set, which is off: RELEASE_NOTES of 8.17.1, 8.16.1; doc/op/op.me
 hello 0301 0303 32
 suites 1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039
  c009 c013 0033 009d 009c 003d 003c 0035 002f
 extensions 65281=00 11=03000102 10=001011ec001d0017001e0018001901000101 22 23
  13=003409050906090404030503060308070808081a081b081c0809080a080b080408050806040105010601030303010302040205020602
  43=0403040303 45=0101 51@11ec,001d 27=0400010003

sendmail-8.18.2
 title sendmail 8.18.2 with OpenSSL 3.6 (Debian sid)
 source recorded: sendmail of Debian sid
 date 2026-11-22
 mta sendmail
 library openssl-3.6
 refuses unsafe-renegotiation
 minimum_dh 2048
 plaintext deferred unless TLSFallbacktoClear is set, which is off: RELEASE_NOTES of 8.17.1, 8.16.1; doc/op/op.me
 hello 0301 0303 32
 suites 1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039
  c009 c013 0033 009d 009c 003d 003c 0035 002f
 extensions 65281=00 11=0100 10=001011ec001d0017001e0018001901000101 22 23
  13=003409050906090404030503060308070808081a081b081c0809080a080b080408050806040105010601030303010302040205020602
  43=0403040303 45=0101 51@11ec,001d 27=0400010003

exim-4.94
 title Exim 4.94 with GnuTLS 3.7.1 (Debian 11)
 source recorded: exim4-daemon-light of Debian bullseye
 date 2026-11-22
 mta exim-4.94
 library gnutls-3.7
 minimum_dh 1024
 plaintext plaintext tls_tempfail_tryclear is on by default: spec.xfpt of Exim 4.99
 hello 0301 0303 32
 suites 1302 1303 1301 1304 c02c cca9 c0ad c00a c02b c0ac c009 c030 cca8 c014 c02f c013 009d c09d 0035 009c c09c
  002f 009f ccaa c09f 0039 009e c09e 0033
 extensions 5=0100000000 10=0014001700180019001d001e01000101010201030104 11=0100
  13=0020040108090804040308070501080a0805050308080601080b0806060302010203 22 23 35 51@0017,001d
  43=080304030303020301 65281=00 45=020100 28=4001

exim-4.96
 title Exim 4.96 with GnuTLS 3.7.9 (Debian 12)
 source recorded: exim4-daemon-light of Debian bookworm
 date 2026-11-22
 mta exim-4.96
 library gnutls-3.7
 minimum_dh 1024
 plaintext plaintext tls_tempfail_tryclear is on by default: spec.xfpt of Exim 4.99
 hello 0301 0303 32
 suites 1302 1303 1301 1304 c02c cca9 c0ad c00a c02b c0ac c009 c030 cca8 c014 c02f c013 009d c09d 0035 009c c09c
  002f 009f ccaa c09f 0039 009e c09e 0033
 extensions 5=0100000000 10=0014001700180019001d001e01000101010201030104 11=0100
  13=0020040108090804040308070501080a0805050308080601080b0806060302010203 22 23 35 51@0017,001d
  43=080304030303020301 65281=00 45=020100 28=4001

exim-4.98
 title Exim 4.98 with GnuTLS 3.8.9 (Debian 13)
 source recorded: exim4-daemon-light of Debian trixie
 date 2026-11-22
 mta exim-4.98
 library gnutls-3.8
 minimum_dh 1024
 plaintext plaintext tls_tempfail_tryclear is on by default: spec.xfpt of Exim 4.99
 hello 0301 0303 32
 suites 1302 1303 1301 1304 c02c cca9 c0ad c00a c02b c0ac c009 c030 cca8 c014 c02f c013 009d c09d 0035 009c c09c
  002f 009f ccaa c09f 0039 009e c09e 0033
 extensions 43=080304030303020301 23 45=020100 22 28=4001 10=0014001700180019001d001e01000101010201030104 35
  13=0020040108090804040308070501080a0805050308080601080b0806060302010203 51@0017,001d 65281=00 5=0100000000
  11=0100

exim-4.100
 title Exim 4.100 with GnuTLS 3.8.13 (Debian sid)
 source recorded: exim4-daemon-light of Debian sid
 date 2026-11-22
 mta exim-4.100
 library gnutls-3.8
 minimum_dh 1024
 plaintext plaintext tls_tempfail_tryclear is on by default: spec.xfpt of Exim 4.99
 hello 0301 0303 32
 suites 1302 1303 1301 1304 c02c cca9 c0ad c00a c02b c0ac c009 c030 cca8 c014 c02f c013 009d c09d 0035 009c c09c
  002f 009f ccaa c09f 0039 009e c09e 0033
 extensions 22 10=0014001700180019001d001e01000101010201030104
  13=0026090409050906040108090804040308070501080a0805050308080601080b0806060302010203 28=4001 35 45=020100
  65281=00 5=0100000000 43=080304030303020301 11=0100 23 51@0017,001d

openssl-1.1.1
 title a program that leaves everything to OpenSSL 1.1.1 (Debian 11)
 source recorded: s_client of Debian bullseye
 date 2026-11-22
 mta none
 library openssl-1.1.1
 minimum_dh 2048
 plaintext unknown the program that uses the library decides
 hello 0301 0303 32
 suites 1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039
  c009 c013 0033 009d 009c 003d 003c 0035 002f 00ff
 extensions 0=name 11=03000102 10=000a001d0017001e00190018 35 22 23
  13=0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602 43=0403040303
  45=0101 51@001d

openssl-3.0
 title a program that leaves everything to OpenSSL 3.0 (Debian 12)
 source recorded: s_client of Debian bookworm
 date 2026-11-22
 mta none
 library openssl-3.0
 minimum_dh 2048
 refuses legacy-signature unsafe-renegotiation
 plaintext unknown the program that uses the library decides
 hello 0301 0303 32
 suites 1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039
  c009 c013 0033 009d 009c 003d 003c 0035 002f 00ff
 extensions 0=name 11=03000102 10=0014001d0017001e0019001801000101010201030104 35 22 23
  13=0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602
  43=080304030303020301 45=0101 51@001d

openssl-3.5
 title a program that leaves everything to OpenSSL 3.5 (Debian 13)
 source recorded: s_client of Debian trixie
 date 2026-11-22
 mta none
 library openssl-3.5
 refuses unsafe-renegotiation
 minimum_dh 2048
 plaintext unknown the program that uses the library decides
 hello 0301 0303 32
 suites 1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039
  c009 c013 0033 009d 009c 003d 003c 0035 002f
 extensions 65281=00 0=name 11=03000102 10=001011ec001d0017001e0018001901000101 35 22 23
  13=003409050906090404030503060308070808081a081b081c0809080a080b080408050806040105010601030303010302040205020602
  43=0403040303 45=0101 51@11ec,001d 27=0400010003

openssl-3.6
 title a program that leaves everything to OpenSSL 3.6 (Debian sid)
 source recorded: s_client of Debian sid
 date 2026-11-22
 mta none
 library openssl-3.6
 refuses unsafe-renegotiation
 minimum_dh 2048
 plaintext unknown the program that uses the library decides
 hello 0301 0303 32
 suites 1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a c014 0039
  c009 c013 0033 009d 009c 003d 003c 0035 002f
 extensions 65281=00 0=name 11=0100 10=001011ec001d0017001e0018001901000101 35 22 23
  13=003409050906090404030503060308070808081a081b081c0809080a080b080408050806040105010601030303010302040205020602
  43=0403040303 45=0101 51@11ec,001d 27=0400010003

openssl-1.0.2
 title a program that leaves everything to OpenSSL 1.0.2
 source recorded: OpenSSL 1.0.2e of nassl 5.4.0, list DEFAULT
 date 2026-11-22
 mta none
 library openssl-1.0
 floor SSLv3
 minimum_dh 768
 plaintext unknown the program that uses the library decides
 hello 0301 0303 0
 suites c030 c02c c028 c024 c014 c00a 00a5 00a3 00a1 009f 006b 006a 0069 0068 0039 0038 0037 0036 0088 0087 0086
  0085 c032 c02e c02a c026 c00f c005 009d 003d 0035 0084 c02f c02b c027 c023 c013 c009 00a4 00a2 00a0 009e
  0067 0040 003f 003e 0033 0032 0031 0030 009a 0099 0098 0097 0045 0044 0043 0042 c031 c02d c029 c025 c00e
  c004 009c 003c 002f 0096 0041 0007 c011 c007 c00c c002 0005 0004 c012 c008 0016 0013 0010 000d c00d c003
  000a 0015 0012 000f 000c 0009 00ff
 compressions 0100
 extensions 11=03000102 10=001a00170019001c001b0018001a0016000e000d000b000c0009000a 35
  13=001e060106020603050105020503040104020403030103020303020102020203 15=01

postfix-openssl-1.0.2
 title Postfix 3.1 to 3.5 with OpenSSL 1.0.2 (its list for the grade medium)
 source recorded: OpenSSL 1.0.2e of nassl 5.4.0, tls_medium_cipherlist of Postfix 3.4
 date 2026-11-22
 mta postfix
 library openssl-1.0
 floor TLSv1
 minimum_dh 768
 plaintext plaintext from the first retry on, 5 minutes later (minimal_backoff_time): postfix/src/smtp/smtp.h at v3.7.11
 hello 0301 0303 0
 suites c019 00a7 006d 003a 0089 c030 c02c c028 c024 c014 c00a 00a5 00a3 00a1 009f 006b 006a 0069 0068 0039 0038
  0037 0036 0088 0087 0086 0085 c032 c02e c02a c026 c00f c005 009d 003d 0035 0084 c018 00a6 006c 0034 0046
  c02f c02b c027 c023 c013 c009 00a4 00a2 00a0 009e 0067 0040 003f 003e 0033 0032 0031 0030 0045 0044 0043
  0042 c031 c02d c029 c025 c00e c004 009c 003c 002f 0041 009b 009a 0099 0098 0097 0096 0007 c016 0018 c011
  c007 c00c c002 0005 0004 c017 001b c012 c008 0016 0013 0010 000d c00d c003 000a 00ff
 compressions 0100
 extensions 11=03000102 10=001a00170019001c001b0018001a0016000e000d000b000c0009000a 35
  13=001e060106020603050105020503040104020403030103020303020102020203 15=01

java-11
 title Java 11 (Jakarta Mail; OpenJDK of Debian 11)
 source recorded: OpenJDK 11 of Debian bullseye
 date 2026-11-22
 mta none
 library java
 minimum_dh 1024
 plaintext deferred Jakarta Mail throws a MessagingException, and its caller decides: SMTPTransport.startTLS
 hello 0303 0303 32
 suites 1302 1301 1303 c02c c02b cca9 c030 cca8 c02f 009f ccaa 00a3 009e 00a2 c024 c028 c023 c027 006b 006a 0067
  0040 c00a c014 c009 c013 0039 0038 0033 0032 00ff
 extensions 0=name 5=0100000000 10=0014001d001700180019001e01000101010201030104 11=0100
  13=00200403050306030804080508060809080a080b0401050106010402030303010302
  50=00260403050306030804080508060809080a080b0401050106010402030303010302020302010202 17=000702000400000000 23
  43=0403040303 45=0101 51@001d

java-17
 title Java 17 (Jakarta Mail; OpenJDK 17.0.15)
 source recorded: OpenJDK 17.0.15
 date 2026-11-22
 mta none
 library java
 minimum_dh 1024
 plaintext deferred Jakarta Mail throws a MessagingException, and its caller decides: SMTPTransport.startTLS
 hello 0303 0303 32
 suites 1302 1301 1303 c02c c02b cca9 c030 cca8 c02f 009f ccaa 00a3 009e 00a2 c024 c028 c023 c027 006b 006a 0067
  0040 c00a c014 c009 c013 0039 0038 0033 0032 009d 009c 003d 003c 0035 002f 00ff
 extensions 0=name 5=0100000000 10=0014001d001700180019001e01000101010201030104 11=0100 17=000702000400000000 23 35
  13=002a040305030603080708080804080508060809080a080b0401050106010402030303010302020302010202 43=0403040303
  45=0101 50=002a040305030603080708080804080508060809080a080b0401050106010402030303010302020302010202
  51@001d,0017

java-25
 title Java 25 (Jakarta Mail; Temurin 25)
 source recorded: Temurin 25
 date 2026-11-22
 mta none
 library java-25
 minimum_dh 1024
 plaintext deferred Jakarta Mail throws a MessagingException, and its caller decides: SMTPTransport.startTLS
 hello 0303 0303 32
 suites 1302 1301 1303 c02c c02b cca9 c030 cca8 c02f 009f ccaa 00a3 009e 00a2 c024 c028 c023 c027 006b 006a 0067
  0040 c00a c014 c009 c013 0039 0038 0033 0032 00ff
 extensions 0=name 5=0100000000 10=0014001d001700180019001e01000101010201030104 11=0100 17=000702000400000000 23 35
  13=0024040305030603080708080804080508060809080a080b0401050106010402030303010302 43=0403040303 45=0101
  50=002a040305030603080708080804080508060809080a080b0401050106010402030303010302020302010202 51@001d,0017

sslv3-only
 title a bulk mailer that knows SSL 3.0 only
 source recorded: OpenSSL 1.0.2e of nassl 5.4.0, SSLv3_method()
 date 2026-11-22
 mta none
 library openssl-1.0
 floor SSLv3
 plaintext unknown the program that uses the library decides
 hello 0300 0300 0
 suites c014 c00a 0039 0038 0037 0036 0088 0087 0086 0085 c00f c005 0035 0084 c013 c009 0033 0032 0031 0030 009a
  0099 0098 0097 0045 0044 0043 0042 c00e c004 002f 0096 0041 0007 c011 c007 c00c c002 0005 0004 c012 c008
  0016 0013 0010 000d c00d c003 000a 0015 0012 000f 000c 0009 0014 0011 0008 0006 0003 00ff
 compressions 0100

tls1.0-only
 title a mailer that knows TLS 1.0 only
 source recorded: OpenSSL 1.0.2e of nassl 5.4.0, TLSv1_method()
 date 2026-11-22
 mta none
 library openssl-1.0
 floor TLSv1
 plaintext unknown the program that uses the library decides
 hello 0301 0301 0
 suites c014 c00a 0039 0038 0037 0036 0088 0087 0086 0085 c019 003a 0089 c00f c005 0035 0084 c013 c009 0033 0032
  0031 0030 009a 0099 0098 0097 0045 0044 0043 0042 c018 0034 009b 0046 c00e c004 002f 0096 0041 0007 c011
  c007 c016 0018 c00c c002 0005 0004 c012 c008 0016 0013 0010 000d c017 001b c00d c003 000a 0015 0012 000f
  000c 001a 0009 0014 0011 0019 0008 0006 0017 0003 00ff
 compressions 0100
 extensions 11=03000102 10=001a00170019001c001b0018001a0016000e000d000b000c0009000a 35 15=01

postfix-2.6
 title Postfix 2.6 with OpenSSL 1.0.1 (CentOS 6; upstream OpenSSL)
 source OpenSSL 1.0.1c ssl/t1_lib.c (pref_list, tls12_sigalgs); smtp_tls_ciphers = export of Postfix 2.6; order of the
  list by OpenSSL 1.0.2e, without what 1.0.1 lacks; the SRP suites left out
 date 2012-05-10
 mta postfix
 library openssl-1.0
 floor SSLv3
 plaintext plaintext at once, on the same address: postfix/src/smtp/smtp_proto.c at v2.6.6
 hello 0301 0303 0
 suites c030 c02c c028 c024 c014 c00a 00a3 009f 006b 006a 0039 0038 0088 0087 c019 00a7 006d 003a 0089 c032 c02e
  c02a c026 c00f c005 009d 003d 0035 0084 c02f c02b c027 c023 c013 c009 00a2 009e 0067 0040 0033 0032 009a
  0099 0045 0044 c018 00a6 006c 0034 009b 0046 c031 c02d c029 c025 c00e c004 009c 003c 002f 0096 0041 0007
  c011 c007 c016 0018 c00c c002 0005 0004 c012 c008 0016 0013 c017 001b c00d c003 000a 0015 0012 001a 0009
  0014 0011 0019 0008 0006 0017 0003 00ff
 extensions 11=03000102
  10=0032000e000d0019000b000c00180009000a00160017000800060007001400150004000500120013000100020003000f00100011
  35 13=00200601060206030501050205030401040204030301030203030201020202030101 15=01

sendmail-openssl-0.9.8
 title sendmail 8.13 or 8.14 with OpenSSL 0.9.8 (CentOS 5): TLS 1.0, SSL 3.0 and SSL 2.0 in one hello of the SSL 2.0 form
 source OpenSSL 0.9.8i ssl/ssl.h (SSL_DEFAULT_CIPHER_LIST, SSL_OP_ALL), ssl/s23_clnt.c; ciphers(1) of 0.9.8
 date 2008-09-15
 mta sendmail
 library openssl-1.0
 floor SSLv3
 plaintext deferred sendmail before 8.16.1 has no other way: RELEASE_NOTES of 8.17.1
 hello 0002 0301 16
 suites 000039 000038 000035 000016 000013 00000a 0700c0 000033 000032 00002f 030080 000005 000004 010080 000015
  000012 000009 060040 000014 000011 000008 000006 040080 000003 020080 0000ff

postfix-openssl-0.9.8
 title Postfix 2.6 to 2.8 with OpenSSL 0.9.8 (smtp_tls_protocols = !SSLv2)
 source OpenSSL 0.9.8i ssl/s23_clnt.c, ssl/s3_lib.c; mail_params.h of Postfix 2.6
 date 2008-09-15
 mta postfix
 library openssl-1.0
 floor SSLv3
 plaintext plaintext at once, on the same address: postfix/src/smtp/smtp_proto.c at v2.6.6
 hello 0301 0301 0
 suites 003a 0039 0038 0035 001b 0016 0013 000a 0034 0033 0032 002f 0018 0005 0004 001a 0015 0012 0009 0019 0014
  0011 0008 0006 0017 0003 00ff
 extensions 35

exchange-2008r2
 title Exchange on Windows Server 2008 R2 (Schannel default: TLS 1.0 and SSL 3.0)
 source Microsoft Learn, TLS Cipher Suites in Windows 7; Protocols in TLS/SSL; TLS registry settings
 date 2018-05-31
 mta exchange
 library schannel
 floor SSLv3
 minimum_dh 1024
 plaintext unknown Microsoft documents plaintext where no TLS is offered, not what follows a failed handshake
 hello 0301 0301 0
 suites c014 c013 0039 0033 0035 002f c00a c009 0038 0032 000a 0013 0005 0004
 extensions 65281=00 0=name 5=0100000000 10=000400170018 11=0100

exchange-2012r2
 title Exchange on Windows Server 2012 R2 (Schannel default: SSL 3.0 to TLS 1.2)
 source Microsoft Learn, TLS Cipher Suites in Windows 8.1; Protocols in TLS/SSL; TLS registry settings
 date 2018-05-31
 mta exchange
 library schannel
 floor SSLv3
 minimum_dh 1024
 plaintext unknown Microsoft documents plaintext where no TLS is offered, not what follows a failed handshake
 hello 0303 0303 0
 suites c028 c027 c014 c013 009f 009e 0039 0033 009d 009c 003d 003c 0035 002f c02c c02b c024 c023 c00a c009 006a
  0040 0038 0032 000a 0013 0005 0004
 extensions 0=name 5=0100000000 10=000400170018 11=0100 13=000e0401050102010403050302030202 35 23 65281=00

exchange-2016
 title Exchange on Windows Server 2016 (Schannel default: TLS 1.0 to 1.2)
 source Microsoft Learn, TLS Cipher Suites in Windows 10 v1607, TLS Elliptic Curves in Windows 10 version 1607 and later;
  Protocols in TLS/SSL; TLS registry settings
 date 2020-06-10
 mta exchange
 library schannel
 floor TLSv1
 minimum_rsa 1024
 minimum_dh 1024
 plaintext unknown Microsoft documents plaintext where no TLS is offered, not what follows a failed handshake
 hello 0303 0303 0
 suites c02c c02b c030 c02f 009f 009e c024 c023 c028 c027 c00a c009 c014 c013 0039 0033 009d 009c 003d 003c 0035
  002f 000a 006a 0040 0038 0032 0013 0005 0004
 extensions 0=name 5=0100000000 10=0006001d00170018 11=0100 13=0018080408050806040105010201040305030203020206010603 35
  23 65281=00

exchange-2022
 title Exchange on Windows Server 2022 (Schannel default: TLS 1.0 to 1.3)
 source Microsoft Learn, TLS Cipher Suites in Windows Server 2022, TLS Elliptic Curves in Windows 10 version 1607 and
  later; Protocols in TLS/SSL; TLS registry settings
 date 2021-02-16
 mta exchange
 library schannel
 minimum_rsa 1024
 minimum_dh 1024
 plaintext unknown Microsoft documents plaintext where no TLS is offered, not what follows a failed handshake
 hello 0303 0303 32
 suites 1302 1301 c02c c02b c030 c02f 009f 009e c024 c023 c028 c027 c00a c009 c014 c013 009d 009c 003d 003c 0035
  002f 000a
 extensions 0=name 5=0100000000 10=0006001d00170018 11=0100 13=0018080408050806040105010201040305030203020206010603
  43=080304030303020301 35 23 45=0101 51@001d 65281=00

java-8
 title Java 8 (Jakarta Mail; 8u261 and later)
 source published JA3 fingerprint of Java 8; JSSE provider documentation of JDK 8 (client default TLSv1.2)
 date 2021-04-20
 mta none
 library java
 minimum_dh 1024
 plaintext deferred Jakarta Mail throws a MessagingException, and its caller decides: SMTPTransport.startTLS
 hello 0303 0303 0
 suites c02c c02b c030 009d c02e c032 009f 00a3 c02f 009c c02d c031 009e 00a2 c024 c028 003d c026 c02a 006b 006a
  c00a c014 0035 c005 c00f 0039 0038 c023 c027 003c c025 c029 0067 0040 c009 c013 002f c004 c00e 0033 0032
  c008 c012 000a c003 c00d 0016 0013 00ff
 extensions 0=name 5=0100000000 10=001000170018001901000101010201030104 11=0100
  13=001a0403050306030804080508060401050106010402030303010302
  50=001a0403050306030804080508060401050106010402030303010302 17=000702000400000000 23 43=020303

boringssl
 title a large webmailer on BoringSSL (its defaults; Gmail, before any own setting)
 source BoringSSL ssl/ssl_cipher.cc, ssl/extensions.cc at a0689af29
 date 2026-08-21
 mta none
 library boringssl
 plaintext deferred seen with Google by a server that shared no cipher with it; Google documents no fallback
 hello 0301 0303 32
 suites 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c009 c013 c00a c014 009c 009d 002f 0035
 extensions 0=name 23 65281=00 10=0006001d00170018 11=0100 35 13=0012040308040401050308050501080606010201 51@001d
  45=0101 43=080304030303020301
"""

__all__ = ["PROFILES"]
