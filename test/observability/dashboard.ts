import { readFileSync } from 'node:fs'

const FILE = new URL('../../charts/gitsync-operator/files/dashboard.json', import.meta.url).pathname

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] }
  readonly templating: { readonly list: readonly { readonly name: string }[] }
}

const readDashboard = (): Dashboard => JSON.parse(readFileSync(FILE, 'utf8')) as Dashboard

/** Each query as Grafana sends it when everything is chosen, with the panel that it is for. */
export function dashboardQueries(): { readonly panel: string; readonly query: string }[] {
  return readDashboard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, query: filledIn(expr) })),
  )
}

/** Queries of annotations: they answer only where something happened. */
export function annotationQueries(): string[] {
  return readDashboard().annotations.list.map(({ expr }) => filledIn(expr))
}

/** Variables that queries use, and those that the dashboard has. */
export function variables(): { readonly used: ReadonlySet<string>; readonly known: ReadonlySet<string> } {
  const text = readFileSync(FILE, 'utf8')
  const used = [...text.matchAll(/\$\{?([A-Za-z]\w*)/g)].map(([, name = '']) => name)
  return { used: new Set(used), known: new Set(readDashboard().templating.list.map(({ name }) => name)) }
}

function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '2m').replaceAll('$namespace', '.*').replaceAll('$job', '.*')
}
