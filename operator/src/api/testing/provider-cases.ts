/** Specs of GitProviders, beside `hosts`, that must be refused, in process and by the API server alike. */
export const REFUSED_PROVIDERS: readonly {
  readonly spec: Readonly<Record<string, unknown>>
  readonly message: RegExp
}[] = [
  { spec: { requests: { burst: 5 } }, message: /burst needs perMinute/ },
  { spec: { requests: { perMinute: 0 } }, message: /requests\.perMinute/ },
  { spec: { requests: { concurrency: 65 } }, message: /requests\.concurrency/ },
  { spec: { pushes: { perMinutePerRepository: 0 } }, message: /pushes\.perMinutePerRepository/ },
  { spec: { bytes: { perPush: 1_000_000, perHour: 999_999 } }, message: /perHour must not be less than perPush/ },
  { spec: { bytes: { perPush: 1 } }, message: /bytes\.perPush/ },
  { spec: { proxy: { url: 'http://user:pass@proxy.example.com' } }, message: /no user, no password/ },
  { spec: { proxy: { url: 'socks5://proxy.example.com' } }, message: /proxy\.url/ },
  { spec: { type: 'CVS' }, message: /type/ },
]

/** And those that must be accepted. */
export const ACCEPTED_PROVIDERS: readonly Readonly<Record<string, unknown>>[] = [
  { type: 'GitHub' },
  { proxy: { url: 'http://proxy.example.com:3128' } },
  { proxy: { url: 'https://[::1]:3128/' } },
  { requests: { perMinute: 60, burst: 0, concurrency: 1 } },
  { requests: { concurrency: 16 } },
  { pushes: { perMinutePerRepository: 6 } },
  { bytes: { perPush: 65_536, perHour: 65_536 } },
  { bytes: { perHour: 1_099_511_627_776 } },
]
