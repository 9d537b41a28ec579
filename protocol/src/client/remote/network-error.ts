import { GitError } from '../../format/errors.ts'

const TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])

/**
 * What went wrong and what to do, by the code of the runtime. `permanent`: the next try would end the same way.
 * `certificate`: it is the host's certificate that is not accepted.
 */
interface Explanation {
  readonly code: RegExp
  readonly words: (host: string, secure: boolean) => string
  readonly permanent?: true
  readonly certificate?: true
}

const EXPLANATIONS: readonly Explanation[] = [
  {
    code: /^ENOTFOUND$/,
    words: (host) => `the name ${host} does not resolve: check its spelling, and the name server of this machine`,
    permanent: true,
  },
  { code: /^EAI_AGAIN$/, words: () => 'the name server does not answer: check the network of this machine' },
  {
    code: /^ECONNREFUSED$/,
    words: () => 'nothing listens there: check the port, and whether the server runs',
  },
  {
    code: /^(?:EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/,
    words: () => 'there is no way to it from here: check the network, VPN or proxy',
  },
  {
    code: /^CERT_HAS_EXPIRED$/,
    words: () => "its certificate has expired: it must be renewed there, or this machine's clock is wrong",
    permanent: true,
    certificate: true,
  },
  {
    code: /^CERT_NOT_YET_VALID$/,
    words: () => "its certificate is not valid yet: check this machine's clock",
    permanent: true,
    certificate: true,
  },
  {
    code: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    words: () => 'its certificate is made out to another name: use the name that the certificate holds',
    permanent: true,
    certificate: true,
  },
  {
    code: /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?)$/,
    words: () =>
      'its certificate is signed by an authority that is not trusted here: give the PEM of that authority as ca',
    permanent: true,
    certificate: true,
  },
  {
    // The others that OpenSSL has (X509_verify_cert_error_string): revoked, a wrong purpose, a chain that is too long.
    code: /^(?:CERT_[A-Z_]+|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|UNABLE_TO_GET_CRL)$/,
    words: () => 'its certificate is not accepted: it must be made anew there',
    permanent: true,
    certificate: true,
  },
  {
    code: /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA)$/,
    words: () => 'it wants a client certificate that it trusts: give cert and key',
    permanent: true,
  },
  {
    code: /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO)$/,
    words: () => 'what answers there is no TLS: perhaps the address begins with http://, or the port is another',
    permanent: true,
  },
  { code: /^UND_ERR_PRX/, words: () => 'the proxy breaks the connection off: check the address of the proxy' },
  {
    code: /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_INFO)$/,
    words: (_host, secure) =>
      secure
        ? 'the connection was cut; where that happens each time, a client certificate may be wanted: give cert and key'
        : 'the connection was cut; if it is a TLS port, the address begins with https://',
  },
]

/**
 * What kept an answer away, as one of the errors of this package, with a remedy where one is known.
 * @param signal the request's own: an abort is one only if it came from there
 */
export function networkError(url: string, error: unknown, signal?: AbortSignal): GitError {
  if (error instanceof GitError) return error
  const { host, hostname, protocol } = new URL(url)
  if (signal?.aborted === true) return aborted(host, signal.reason, error)
  const code = codeOf(error)
  if (code !== undefined && TIMEOUTS.has(code)) {
    return new GitError('Timeout', `${host} does not answer in time (${code})`, { cause: error })
  }
  const proxy = proxyRefusal(error)
  if (proxy !== undefined) return new GitError('Network', `no answer from ${host}: ${proxy}`, { cause: error })
  const known = explanation(code)
  const words = known?.words(hostname, protocol === 'https:')
  const what = code ?? messageOf(error)
  return new GitError('Network', `no answer from ${host}: ${words === undefined ? what : `${words} (${what})`}`, {
    ...(known?.certificate === true ? { badCertificate: true } : {}),
    cause: error,
  })
}

/** Whether a `Network` error would be the same at the next try. */
export function isPermanent(error: GitError): boolean {
  return explanation(codeOf(error.details.cause))?.permanent === true
}

function explanation(code: string | undefined): Explanation | undefined {
  return code === undefined ? undefined : EXPLANATIONS.find((candidate) => candidate.code.test(code))
}

function aborted(host: string, reason: unknown, cause: unknown): GitError {
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new GitError('Timeout', `${host} does not answer in time (deadline)`, { limit: 'signal', cause })
  }
  return new GitError('Aborted', `the request to ${host} was aborted`, { cause })
}

/** `fetch` hides the error of the connection in the cause of its own. */
function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string') return code
  }
  return undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'connection failed'
}

/** The proxy's status is told in words only. */
function proxyRefusal(error: unknown): string | undefined {
  const [, tunnel, direct] =
    /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/.exec(messageOf(error)) ?? []
  const status = tunnel ?? direct
  if (status === undefined) return undefined
  return status === '407'
    ? 'the proxy asks for credentials (407): put user and password into its URL'
    : `the proxy refuses to connect (${status}): check its rules, or except the host from it`
}
