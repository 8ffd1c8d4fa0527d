# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which options about TLS each sendmail has, and the names of the SSL_OP bits that it knows, with their values.

Source: OptionTab[] and SSL_Option[] in sendmail/readcf.c at the releases 8.14.0 to 8.18.2; include/openssl/ssl.h of
OpenSSL 1.1.1, and ssl.h.in of 3.0 to 3.5. A name whose bit no longer does anything has the value 0.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import (
    Build,
    SendmailVersion,
)

_ALWAYS: t.Final = (
    *("ServerCertFile", "ServerKeyFile", "ClientCertFile", "ClientKeyFile", "CACertFile"),
    *("CACertPath", "DHParameters", "TLSSrvOptions", "RandFile", "CRLFile"),
)
_SINCE: t.Final[dict[str, SendmailVersion]] = {
    name: SendmailVersion(*release)
    for release, names in (
        ((8, 15, 1), "CipherList ServerSSLOptions ClientSSLOptions CertFingerprintAlgorithm"),
        ((8, 16, 1), "CRLPath SSLEngine SSLEnginePath TLSFallbacktoClear DANE"),
        ((8, 17, 1), "CipherSuites"),
    )
    for name in names.split()
}
_BY_FFR: t.Final[dict[str, str]] = {
    "CipherList": "_FFR_TLS_1",
    "ServerSSLOptions": "_FFR_TLS_1",
    "ClientSSLOptions": "_FFR_TLS_1",
    "DHParameters512": "_FFR_TLS_1",
    "CRLPath": "_FFR_CRLPATH",
    "SetCertAltnames": "_FFR_TLS_ALTNAMES",
    "FIPSMode": "_FFR_FIPSMODE",
    "ClientCACertFile": "_FFR_CLIENTCA",
    "ClientCACertPath": "_FFR_CLIENTCA",
}
NAMES: t.Final = tuple(dict.fromkeys((*_ALWAYS, *_SINCE, *_BY_FFR)))
#: The other names of OptionTab[] at 8.18.1, for what an abbreviation may mean.
_OTHER_NAMES: t.Final = """\
AddBcc AddrTypeModes AliasFile AliasWait AllowBogusHELO AuthMaxBits AuthMechanisms AuthOptions
AuthRealm BadRcptShutdown BadRcptShutdownGood BadRcptThrottle BadRcptThrottleDelay BlankSub
BounceQueue CheckAliases CheckpointInterval CheckQueueRunners ClassFactor ClientPortOptions
ColonOkInAddr ConnectionCacheSize ConnectionCacheTimeout ConnectionRateThrottle
ConnectionRateWindowSize ConnectOnlyTo ControlSocketName DaemonPortOptions DataFileBufferSize
DeadLetterDrop DefaultAuthInfo DefaultCharSet DefaultUser DelayLA DeliverByMin DeliveryMode
DialDelay DirectSubmissionModifiers DontBlameSendmail DontExpandCnames DontInitGroups
DontLockFilesForRead DontProbeInterfaces DontPruneRoutes DoubleBounceAddress EightBitAddrOK
EightBitMode ErrorHeader ErrorMode FallbackMXhost FallbackSmartHost FastSplit ForkEachJob
ForwardPath Hacks HeloName HelpFile HoldExpensive HostsFile HostStatusDirectory IgnoreDots
InetQoS InputMailFilters KeepBcc LDAPDefaultSpec LogLevel MailboxDatabase MatchGECOS
MaxAliasRecursion MaxDaemonChildren MaxForwardEntries MaxHeadersLength MaxHopCount
MaxMessageSize MaxMimeHeaderLength MaxNOOPCommands MaxQueueAge MaxQueueChildren MaxQueueRunSize
MaxRecipientsPerMessage MaxRunnersPerQueue MemoryResource MessageAccept MeToo Milter
MinFreeBlocks MinQueueAge MustQuoteChars NameSearchList NameServer NiceQueueRun
NoRecipientAction OldStyleHeaders OperatorChars PidFile PostmasterCopy PrivacyOptions
ProcessTitlePrefix QueueDirectory QueueFactor QueueFileMode QueueLA QueueLowMem QueueSortOrder
QueueTimeout RecipientFactor RefuseLA RefuseLowMem RejectLogInterval RejectNUL RemoteMode
RequiresDirfsync ResolverOptions RetryFactor RrtImpliesDsn RunAsUser SafeFileEnvironment
SaveFromLine SendMimeErrors ServiceSwitchFile SevenBitInput SharedMemoryKey SharedMemoryKeyFile
SingleLineFromHeader SingleThreadDelivery SmtpGreetingMessage SmtpUTF8 SoftBounce StatusFile
StrictTransportSecurity SuperSafe TempFileMode Timeout TimeZoneSpec TrustedUser TryNullMXList
UnixFromLine UnsafeGroupWrites UseCompressedIPv6Addresses UseErrorsTo UseMSP UserDatabaseSpec
Verbose XscriptFileBufferSize
"""
#: cf/m4/proto.m4 of sendmail 8.18.1; an option that is not here has no macro.
MACROS: t.Final[dict[str, str]] = {
    "TLSSrvOptions": "confTLS_SRV_OPTIONS",
    "CipherList": "confCIPHER_LIST",
    "ServerSSLOptions": "confSERVER_SSL_OPTIONS",
    "ClientSSLOptions": "confCLIENT_SSL_OPTIONS",
    "TLSFallbacktoClear": "confTLS_FALLBACK_TO_CLEAR",
    "CACertPath": "confCACERT_PATH",
    "CACertFile": "confCACERT",
    "ServerCertFile": "confSERVER_CERT",
    "ServerKeyFile": "confSERVER_KEY",
    "ClientCertFile": "confCLIENT_CERT",
    "ClientKeyFile": "confCLIENT_KEY",
    "CRLFile": "confCRL",
    "CRLPath": "confCRL_PATH",
    "DHParameters": "confDH_PARAMETERS",
}
#: Options about TLS that an mc file sets, by a macro or in LOCAL_CONFIG; none of them has a password in its value.
SHOWABLE: t.Final = (*MACROS, "CipherSuites")
_SEPARATOR: t.Final = re.compile(r"[, \t]")
_NO_TICKET: t.Final = 1 << 14
_TLS13: t.Final = 0x10101000
_TLSEXT_PADDING: t.Final = 1 << 4
_PADDING_SINCE: t.Final = SendmailVersion(8, 15, 1)
_LATER_SINCE: t.Final = SendmailVersion(8, 16, 1)

_BITS: t.Final[dict[str, int]] = {
    **dict.fromkeys(
        (
            *(
                "MICROSOFT_SESS_ID_BUG",
                "NETSCAPE_CHALLENGE_BUG",
                "NETSCAPE_CA_DN_BUG",
                "TLS_D5_BUG",
            ),
            *("NETSCAPE_REUSE_CIPHER_CHANGE_BUG", "SSLREF2_REUSE_CERT_TYPE_BUG", "EPHEMERAL_RSA"),
            *("MICROSOFT_BIG_SSLV3_BUFFER", "MSIE_SSLV2_RSA_PADDING", "SSLEAY_080_CLIENT_DH_BUG"),
            *("TLS_BLOCK_PADDING_BUG", "SINGLE_ECDH_USE", "SINGLE_DH_USE", "NO_SSLV2"),
            *("PKCS1_CHECK_1", "PKCS1_CHECK_2", "NETSCAPE_DEMO_CIPHER_CHANGE_BUG"),
        ),
        0,
    ),
    "LEGACY_SERVER_CONNECT": 1 << 2,
    "DONT_INSERT_EMPTY_FRAGMENTS": 1 << 11,
    "NO_QUERY_MTU": 1 << 12,
    "COOKIE_EXCHANGE": 1 << 13,
    "NO_TICKET": _NO_TICKET,
    "CISCO_ANYCONNECT": 1 << 15,
    "NO_SESSION_RESUMPTION_ON_RENEGOTIATION": 1 << 16,
    "NO_COMPRESSION": 1 << 17,
    "ALLOW_UNSAFE_LEGACY_RENEGOTIATION": 1 << 18,
    "CIPHER_SERVER_PREFERENCE": 1 << 22,
    "TLS_ROLLBACK_BUG": 1 << 23,
    "NO_SSLV3": 1 << 25,
    "NO_TLSV1": 1 << 26,
    "NO_TLSV1_2": 1 << 27,
    "NO_TLSV1_1": 1 << 28,
    "CRYPTOPRO_TLSEXT_BUG": 1 << 31,
}
_LATER_BITS: t.Final[dict[str, int]] = {
    "ALLOW_NO_DHE_KEX": 1 << 10,
    "NO_ENCRYPT_THEN_MAC": 1 << 19,
    "ENABLE_MIDDLEBOX_COMPAT": 1 << 20,
    "PRIORITIZE_CHACHA": 1 << 21,
    "NO_ANTI_REPLAY": 1 << 24,
    "NO_TLSV1_3": 1 << 29,
    "NO_RENEGOTIATION": 1 << 30,
}


def has_option(name: str, build: Build) -> bool:
    """Whether this sendmail knows an option about TLS; it does not start with one that it does not know."""
    if name in _ALWAYS or _BY_FFR.get(name) in build.options:
        return True
    since = _SINCE.get(name)
    if since is None or build.version < since:
        return False
    if name == "DANE":
        return name in build.options
    return name != "CipherSuites" or build.compiled >= _TLS13


def meant_by(name: str, build: Build) -> tuple[str, ...]:
    """The options that sendmail may take a name for: in any case it is the one of that name, or all that begin with it. What
    stands behind a dot, as in Timeout.connect, stays as it is.
    """
    known = [*_OTHER_NAMES.split(), *(one for one in NAMES if has_option(one, build))]
    begin, dot, rest = name.partition(".")
    whole = [one for one in known if one.lower() == begin.lower()]
    found = whole or [one for one in known if one.lower().startswith(begin.lower())]
    return tuple(f"{one}{dot}{rest}" for one in found)


def bug_workarounds(build: Build) -> int:
    """SSL_OP_ALL of the headers that this sendmail was compiled with."""
    return 0x80000850 if build.compiled >> 28 >= 3 else 0x80000854


def bits_by_name(build: Build) -> dict[str, int]:
    """The names of this release, in capitals and without SSL_OP_."""
    found = {**_BITS, "ALL": bug_workarounds(build)}
    if build.version >= _PADDING_SINCE:
        found["TLSEXT_PADDING"] = _TLSEXT_PADDING
    if build.version >= _LATER_SINCE:
        found.update(_LATER_BITS)
    return found


def default_bits(build: Build, *, client: bool) -> int:
    """The bits in force where neither ServerSSLOptions nor ClientSSLOptions says anything."""
    bits = bug_workarounds(build)
    if build.version >= _PADDING_SINCE:
        bits &= ~_TLSEXT_PADDING
    return bits | _NO_TICKET if client else bits


def server_letters(*values: str) -> tuple[str, ...]:
    """The letters of TLSSrvOptions that sendmail comes to in its values, in order and once each.

    It reads one character, and goes on behind the next separator: the second of two ends the value, as in C(C, V).
    Source: O_TLS_SRV_OPTS in sendmail/readcf.c.
    """
    found: dict[str, None] = {}
    for value in values:
        begin = 0
        while begin < len(value):
            found.setdefault(value[begin])
            separator = _SEPARATOR.search(value, begin + 1)
            begin = separator.end() if separator else len(value)
    return tuple(one for one in found if not _SEPARATOR.match(one))


__all__ = [
    "MACROS",
    "NAMES",
    "SHOWABLE",
    "bits_by_name",
    "bug_workarounds",
    "default_bits",
    "has_option",
    "meant_by",
    "server_letters",
]
