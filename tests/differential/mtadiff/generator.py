# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes configurations at random, the same ones from the same seed."""

from __future__ import annotations

import typing as t

from mtadiff import materials
from mtadiff.configuration import Configuration
from mtadiff.drawing import Drawing

ALIASES = (
    *("aNULL", "eNULL", "NULL", "LOW", "MEDIUM", "HIGH", "EXP", "EXPORT", "COMPLEMENTOFDEFAULT"),
    *("kRSA", "aRSA", "RSA", "kEDH", "kDHE", "EDH", "DHE", "ADH", "kEECDH", "kECDHE", "EECDH"),
    *("ECDHE", "ECDH", "AECDH", "aECDSA", "ECDSA", "aDSS", "DSS", "DH", "PSK", "kPSK", "aPSK"),
    *("kECDHEPSK", "kRSAPSK", "SRP", "aSRP", "AES", "AES128", "AES256", "AESGCM", "AESCCM"),
    *("AESCCM8", "CAMELLIA", "CAMELLIA128", "CAMELLIA256", "ARIA", "ARIA128", "ARIA256"),
    *("ARIAGCM", "CHACHA20", "SEED", "IDEA", "3DES", "DES", "RC4", "MD5", "SHA", "SHA1"),
    *("SHA256", "SHA384", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.2", "CBC"),
)
COMBINED = (
    *("RSA+AES", "kRSA+AES", "ECDHE+AESGCM", "EECDH+AES+SHA1", "aRSA+SHA256", "kEDH+CAMELLIA"),
    *("ECDHE+ECDSA", "AES+SHA", "aNULL+AES128", "TLSv1.2+kRSA", "SSLv3+AES256", "DHE+AESCCM"),
    *("aRSA+CHACHA20", "ECDHE+aRSA+SHA384", "kEECDH+aECDSA+AES256", "NOSUCH+AES"),
)
SUITES = (
    *("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"),
    *("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"),
    *("DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-SHA", "DHE-RSA-AES128-CCM8", "AES128-SHA"),
    *("AES256-SHA256", "AES256-GCM-SHA384", "AES256-CCM", "ECDHE-RSA-AES128-SHA", "NULL-SHA256"),
    *(
        "ADH-AES128-SHA",
        "AECDH-AES256-SHA",
        "CAMELLIA256-SHA",
        "ARIA128-GCM-SHA256",
        "DES-CBC3-SHA",
    ),
    *("DHE-DSS-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-NOSUCH"),
)
PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
CURVES = (
    *("X25519", "X448", "prime256v1", "P-256", "secp384r1", "P-384", "secp521r1", "nonsense"),
    *("brainpoolP256r1", "X25519MLKEM768"),
)
FFDHE = ("ffdhe2048", "ffdhe3072", "ffdhe4096", "unheard")
SSL_OPTIONS = (
    *("NO_TICKET", "PRIORITIZE_CHACHA", "NO_COMPRESSION", "ENABLE_MIDDLEBOX_COMPAT"),
    *("0x400000", "0x4000", "0x80000"),
)
SEPARATORS = (",", ", ", " ", ":")
Overrides = dict[str, str]


class Generator(Drawing):
    """Draws one configuration after the other. `release` decides which spellings there are."""

    def __init__(self, release: str, seed: int) -> None:
        super().__init__(f"{release} {seed}")
        self._release = release
        self._seed = seed

    def configurations(self, count: int) -> list[Configuration]:
        """Return so many configurations; a larger count begins with the same ones."""
        return [
            Configuration(f"{self._release}-{self._seed}-{number}", self._overrides())
            for number in range(count)
        ]

    def _overrides(self) -> Overrides:
        level = self._pick({"may": 7, "encrypt": 3})
        mandatory = level == "encrypt"
        made: Overrides = {"smtpd_tls_security_level": level}
        if self._chance(0.12):
            made["smtpd_tls_wrappermode"], mandatory = "yes", True
        made |= dict(materials.CERTIFICATES[self._pick(materials.LIKELIHOOD)])
        made |= self._protocols(mandatory) | self._ciphers(mandatory)
        made |= self._exclusions(mandatory) | self._key_exchange()
        made |= self._library() | self._client_certificates()
        if "smtpd_tls_dcert_file" in made and made.get("tls_config_file") in materials.UNSTEADY:
            del made["tls_config_file"]
        return self._through_macros(made) if self._chance(0.15) else made

    def _joined(self, words: t.Iterable[str]) -> str:
        return self._random.choice(SEPARATORS).join(words)

    def _protocols(self, mandatory: bool) -> Overrides:
        """The list that counts, and sometimes one that does not."""
        counts = "smtpd_tls_mandatory_protocols" if mandatory else "smtpd_tls_protocols"
        other = "smtpd_tls_protocols" if mandatory else "smtpd_tls_mandatory_protocols"
        made = {}
        if self._chance(0.7):
            made[counts] = self._protocol_list()
        if self._chance(0.15):
            made[other] = self._protocol_list()
        return made

    def _protocol_list(self) -> str:
        forms = {"exclude": 5, "include": 3, "mixed": 2, "empty": 1, "unknown": 1}
        if self._release != "bullseye":
            forms |= {"floor": 6, "range": 2, "hex": 1, "blank": 1, "floor-and-names": 1}
        form = self._pick(forms)
        chosen = self._some(PROTOCOLS, 1, 4)
        one, two = sorted(self._random.sample(PROTOCOLS[2:], 2))
        words = {
            "exclude": [f"!{name}" for name in chosen],
            "include": chosen,
            "mixed": [self._random.choice(("", "!")) + name for name in chosen],
            "empty": [],
            "unknown": ["!SSLv2", self._random.choice(("TLSv1.4", "!TLS1.0", "tls"))],
            "floor": [f">={one}"],
            "range": [f">={one}", f"<={two}"],
            "hex": [">=0303", f"<={self._random.choice(('0304', '0x0303'))}"],
            "blank": [">=", one],
            "floor-and-names": [f">={one}", f"!{two}"],
        }[form]
        text = self._joined(words)
        return self._random.choice((text, text, text.lower(), text.upper()))

    def _ciphers(self, mandatory: bool) -> Overrides:
        counts = "smtpd_tls_mandatory_ciphers" if mandatory else "smtpd_tls_ciphers"
        grade = self._pick({"medium": 8, "high": 6, "low": 1, "export": 1, "null": 1, "High": 1})
        made = {counts: grade} if self._chance(0.6) else {}
        if self._chance(0.15):
            other = "smtpd_tls_ciphers" if mandatory else "smtpd_tls_mandatory_ciphers"
            made[other] = self._pick({"high": 1, "null": 1})
        if self._chance(0.4):
            in_force = made.get(counts, "medium").lower()
            made[f"tls_{in_force}_cipherlist"] = self._cipher_list()
        if self._chance(0.35):
            made["tls_preempt_cipherlist"] = "yes"
        return made

    def _cipher_list(self) -> str:
        first = [self._pick({"ALL": 3, "HIGH": 3, "DEFAULT": 2, "aNULL:-aNULL:HIGH:MEDIUM": 4})]
        if self._chance(0.35):
            first = self._some(SUITES, 2, 6)
        for _more in range(self._random.randint(0, 4)):
            sign = self._pick({"!": 5, "-": 3, "+": 2, "": 2})
            first.append(sign + self._item())
        if self._chance(0.3):
            first.append(self._pick({"@STRENGTH": 3, "@SECLEVEL=0": 1, "@SECLEVEL=1": 2}))
        elif self._chance(0.3):
            first.append(self._pick({"@SECLEVEL=2": 3, "@SECLEVEL=3": 1, "@SECLEVEL=4": 1}))
        return ":".join(first)

    def _item(self) -> str:
        kind = self._pick({"alias": 6, "combined": 3, "suite": 2})
        return self._random.choice({"alias": ALIASES, "combined": COMBINED, "suite": SUITES}[kind])

    def _exclusions(self, mandatory: bool) -> Overrides:
        made = {}
        if self._chance(0.6):
            made["smtpd_tls_exclude_ciphers"] = self._exclusion_list()
        if self._chance(0.45 if mandatory else 0.1):
            made["smtpd_tls_mandatory_exclude_ciphers"] = self._exclusion_list()
        return made

    def _exclusion_list(self) -> str:
        words = [self._item() for _each in range(self._random.randint(1, 5))]
        if self._chance(0.03):
            words.append("!" + self._item())
        return self._joined(words)

    def _key_exchange(self) -> Overrides:
        made = {}
        if self._chance(0.25):
            made["tls_eecdh_auto_curves"] = self._joined(self._some(CURVES, 1, 4))
        if self._chance(0.15):
            made["smtpd_tls_eecdh_grade"] = self._pick(dict.fromkeys(materials.GRADES, 1))
        if self._chance(0.1):
            made["tls_ffdhe_auto_groups"] = self._joined(self._some(FFDHE, 0, 3))
        if self._chance(0.2):
            made["smtpd_tls_dh1024_param_file"] = self._pick(materials.DH_FILES)
        return made

    def _library(self) -> Overrides:
        made = {}
        if self._chance(0.2):
            made["tls_ssl_options"] = self._joined(self._some(SSL_OPTIONS, 1, 3))
        if self._chance(0.3):
            made |= dict(self._random.choice(materials.LIBRARY_CONFIGURATIONS))
        return made

    def _client_certificates(self) -> Overrides:
        made = {}
        if self._chance(0.12):
            made["smtpd_tls_ask_ccert"] = "yes"
        if self._chance(0.1):
            made["smtpd_tls_req_ccert"] = "yes"
        if self._chance(0.15):
            made["smtpd_tls_CAfile"] = f"{materials.DIRECTORY}/rsa.pem"
        return made

    def _through_macros(self, plain: Overrides) -> Overrides:
        """The same values, one of them behind references and conditions."""
        name = self._random.choice(sorted(plain))
        form = self._random.choice(
            (
                "$my_value",
                "${my_value}",
                "${my_unset?{wrong}:{$my_value}}",
                "${my_value?{$my_value}:{wrong}}",
                "${{$service_name} == {nobody} ? {wrong} : {$my_value}}",
            )
        )
        return {**plain, name: form, "my_value": plain[name]}
