# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes configurations at random, the same ones from the same seed."""

from __future__ import annotations

from dataclasses import replace

from mtadiff.drawing import Drawing
from mtadiff.generator import ALIASES, COMBINED, SUITES
from mtadiff.sendmail.configuration import DIRECTORY, Configuration

CERTIFICATES = {
    "rsa": ("rsa", 14),
    "both": ("rsa,ec", 8),
    "both-turned": ("ec,rsa", 2),
    "ecdsa": ("ec", 4),
    "ecdsa-384": ("ec384", 1),
    "small": ("rsa1024", 1),
    "sha1": ("rsasha1", 1),
    "pss": ("pss", 1),
    "ed25519": ("ed", 1),
    "dsa": ("dsa", 1),
    "rsa-and-dsa": ("rsa,dsa", 1),
    "rsa-and-small": ("rsa,rsa1024", 1),
}
SPECIAL = (
    "missing",
    "mismatch",
    "second-mismatch",
    "readable-key",
    "no-ca-path",
    "no-ca",
    "letter-c",
)
OPTIONS = (
    *("NO_SSLv2", "NO_SSLv3", "NO_TLSv1", "NO_TLSv1_1", "NO_TLSv1_2", "NO_TICKET", "ALL"),
    *("CIPHER_SERVER_PREFERENCE", "SINGLE_DH_USE", "TLSEXT_PADDING", "NO_COMPRESSION"),
)
LATER_OPTIONS = (
    *("NO_TLSv1_3", "PRIORITIZE_CHACHA", "NO_RENEGOTIATION", "ENABLE_MIDDLEBOX_COMPAT"),
    "NO_ENCRYPT_THEN_MAC",
)
NUMBERS = ("0x400000", "0x20000000", "536870912", "0x14000000", "02000000000")
DH = {
    "": 6, "none": 2, "i": 1, "2048": 2, "1024": 1, "auto": 1, "5": 1, "nonsense": 1,
    f"{DIRECTORY}/dh2048.pem": 3, f"{DIRECTORY}/dh1024.pem": 2, f"{DIRECTORY}/absent.pem": 1,
    f"{DIRECTORY}/rsa.pem": 1, f"{DIRECTORY}/writable.pem": 1,
}  # fmt: skip
SUITES_13 = (
    *("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"),
    *("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"),
)
LETTERS = ("V", "C", "C,V", "C, V", "V C", "V,C", "V, X", "XV", "X,V", "V\tC", " V", "v")
FEATURES = {
    "V": 3, "V S": 1, "S V": 1, "V,S": 1, "V, S": 1, "VS": 3, "SV": 1, "S": 1, "s S": 1, "S s": 2, "V v": 2, "v V": 2,
    "V,v": 2, "A V": 2, "AV": 1, "V;A": 2, "X,V": 2, "v": 1, "R": 1, "V r": 1, "A\tV": 2, "A.V": 1, "V/S": 1, "\"V\"": 1,
}  # fmt: skip
ADDRESSES = ("localhost", "127.1", "2130706433", "mx.example.test")
CNF = ("minimum", "maximum", "strict", "suites", "groups", "options", "signatures", "absent")
MODERN = frozenset({"bookworm", "trixie", "sid"})


class Writing(Drawing):
    """Draws how a configuration is written, and what is said of all peers; the rest stays as it is."""

    def written(self, drawn: Configuration) -> Configuration:
        if self._chance(0.4):
            letters = self._random.choice(LETTERS)
            drawn = drawn.with_changes(drawn.name, {"TLSSrvOptions": [letters]})
        drawn = replace(drawn, lines=(*drawn.lines, *self._seldom()))
        features = self._pick(FEATURES) if self._chance(0.3) else ""
        spelling = drawn.name if self._chance(0.4) else ""
        address = self._random.choice(ADDRESSES) if self._chance(0.2) else drawn.address
        return replace(drawn, features=features, spelling=spelling, address=address)

    def _seldom(self) -> list[str]:
        """What has nothing to do with suites, but may switch TLS off."""
        lines = []
        if self._chance(0.1):
            names = ("sha256", "SHA512", "SHA2-256", "RSA-SHA256", "nosuch", "")
            lines.append(f"O CertFingerprintAlgorithm={self._random.choice(names)}")
        if self._chance(0.1):
            lines.append(f"O CRLFile={DIRECTORY}/{self._random.choice(('absent', 'rsa'))}.pem")
        return lines


class Generator(Drawing):
    """Draws one configuration after the other. `release` decides which options there are."""

    def __init__(self, release: str, seed: int) -> None:
        super().__init__(f"sendmail {release} {seed}")
        self._release = release
        self._seed = seed

    def configurations(self, count: int) -> list[Configuration]:
        """Return so many configurations; a larger count begins with the same ones."""
        return [self._one(number) for number in range(count)]

    def _one(self, number: int) -> Configuration:
        lines = self._certificates() + self._ciphers() + self._options() + self._more()
        program = "installed" if self._chance(0.6) else "plain"
        if self._chance(0.3):
            lines.append(f"EOPENSSL_CONF={DIRECTORY}/{self._random.choice(CNF)}.cnf")
        name = f"{self._release}-{self._seed}-{number}"
        drawn = Configuration(name, tuple(lines), program, self._chance(0.12))
        return Writing(f"written {name}").written(drawn)

    def _certificates(self) -> list[str]:
        names = CERTIFICATES[self._pick({name: one[1] for name, one in CERTIFICATES.items()})][0]
        special = self._random.choice(SPECIAL) if self._chance(0.15) else ""
        certificates = [f"{DIRECTORY}/{name}.pem" for name in names.split(",")]
        keys = [f"{DIRECTORY}/{name}.key" for name in names.split(",")]
        if special == "missing":
            certificates[0] = f"{DIRECTORY}/absent.pem"
        elif special == "mismatch":
            keys[0] = f"{DIRECTORY}/other.key"
        elif special == "second-mismatch":
            certificates, keys = (
                [*certificates[:1], f"{DIRECTORY}/ec.pem"],
                [*keys[:1], f"{DIRECTORY}/other.key"],
            )
        elif special == "readable-key":
            keys[0] = f"{DIRECTORY}/readable.key"
        lines = [f"O ServerCertFile={','.join(certificates)}", f"O ServerKeyFile={','.join(keys)}"]
        if special == "letter-c":
            lines = ["O TLSSrvOptions=C", *(lines if self._chance(0.5) else [])]
        if special != "no-ca-path":
            lines.append("O CACertPath=/etc/ssl/certs")
        if special != "no-ca":
            file = self._random.choice(("rsa.pem", "ec.pem"))
            lines.append(f"O CACertFile={DIRECTORY}/{file}")
        return lines

    def _ciphers(self) -> list[str]:
        lines = []
        if self._chance(0.75):
            lines.append(f"O CipherList={self._cipher_list()}")
        if self._release in MODERN and self._chance(0.3):
            suites = self._some(SUITES_13, 1, 5)
            if self._chance(0.15):
                suites.insert(0, "TLS_UNHEARD_SHA256")
            lines.append(f"O CipherSuites={':'.join(suites)}")
        return lines

    def _cipher_list(self) -> str:
        form = self._pick(
            {"short": 4, "exclude": 6, "suites": 5, "mixed": 4, "all": 2, "bad": 2, "syntax": 1}
        )
        excluded = ["!" + word for word in self._some((*ALIASES, *COMBINED), 1, 5)]
        words = {
            "short": [self._random.choice(("HIGH", "MEDIUM", "DEFAULT", "ALL", "TLSv1.2"))],
            "exclude": [self._random.choice(("HIGH", "ALL", "DEFAULT")), *excluded],
            "suites": self._some(SUITES, 1, 6),
            "mixed": [*self._some(COMBINED, 1, 4), *self._removed(), *excluded[:2]],
            "all": ["ALL", "COMPLEMENTOFALL"],
            "bad": [
                self._random.choice(("NOSUCH", "TLSv1.9:NONE", "!ALL", "TLS_AES_128_GCM_SHA256"))
            ],
            "syntax": [self._random.choice(("!!", "HIGH:@NOSUCH", "HIGH:-", "@SECLEVEL=9"))],
        }[form]
        if self._chance(0.15):
            words.append("@STRENGTH")
        if self._chance(0.4):
            words.append(f"@SECLEVEL={self._random.choice('00123')}")
        return self._random.choice((":", ":", ":", ",", " ")).join(words)

    def _removed(self) -> list[str]:
        return [self._random.choice("-+") + word for word in self._some(ALIASES, 0, 3)]

    def _options(self) -> list[str]:
        lines = []
        for name, chance in (
            ("ServerSSLOptions", 0.7),
            ("ServerSSLOptions", 0.1),
            ("ClientSSLOptions", 0.1),
        ):
            if self._chance(chance):
                lines.append(f"O {name}={self._option_words()}")
        return lines

    def _option_words(self) -> str:
        pool = OPTIONS if self._release == "bullseye" else (*OPTIONS, *LATER_OPTIONS)
        words = []
        for name in self._some(pool, 1, 4):
            text = f"SSL_OP_{name}"
            words.append(
                self._random.choice(("+", "+", "", "-"))
                + self._random.choice((text, text, text.lower()))
            )
        if self._chance(0.2):
            words.append(self._random.choice(("", "+", "-")) + self._random.choice(NUMBERS))
        if self._chance(0.04):
            words.append(self._random.choice(("SSL_OP_NOSUCH", "NO_TLSv1", ", SSL_OP_ALL")))
        return self._random.choice((" ", " ", ",", ", ")).join(words)

    def _more(self) -> list[str]:
        lines = []
        parameters = self._pick(DH)
        if parameters:
            lines.append(f"O DHParameters={parameters}")
        if self._chance(0.3):
            lines.append(f"O TLSSrvOptions={self._random.choice(('V', 'V, X', 'XV', 'X,V'))}")
        if self._chance(0.03):
            lines.append("O CipherSuites=TLS_AES_128_GCM_SHA256")
        return lines
