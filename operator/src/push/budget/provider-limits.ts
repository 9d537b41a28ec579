import type { GitProviderSpec } from '../../api/gitprovider.ts'
import { typeOfHost } from '../../api/known-hosts.ts'
import type { HostType } from '../../api/provider-limits.ts'
import { CONCURRENCY } from './limits.ts'
import type { BudgetLimits } from './limits.ts'

/** What the hosts' own documents say; docs/rate-limits.md names them. The others publish no number that holds for Git. */
const BUILT_IN: Readonly<Partial<Record<HostType, Omit<BudgetLimits, 'concurrency'>>>> = {
  GitHub: { requests: { perMinute: 900, burst: 60 }, pushesPerMinute: 6, bytesPerPush: 2_000_000_000 },
  Bitbucket: { requests: { perMinute: 1_000, burst: 60 } },
}

/** What may be asked of a host: what its GitProvider says, and where that says nothing what is built in for the type. */
export function limitsOf(hostname: string, spec: GitProviderSpec | undefined): BudgetLimits {
  const builtIn = BUILT_IN[spec?.type ?? typeOfHost(hostname)]
  const perMinute = spec?.requests?.perMinute
  return {
    requests: perMinute === undefined ? builtIn?.requests : { perMinute, burst: spec?.requests?.burst ?? 0 },
    concurrency: spec?.requests?.concurrency ?? CONCURRENCY,
    pushesPerMinute: spec?.pushes?.perMinutePerRepository ?? builtIn?.pushesPerMinute,
    bytesPerPush: spec?.bytes?.perPush ?? builtIn?.bytesPerPush,
    bytesPerHour: spec?.bytes?.perHour ?? builtIn?.bytesPerHour,
  }
}
