/** The audit page as people use it: a browser, a keyboard, a phone, the rules of screen readers. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import axe from 'axe-core'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { component } from '../kit/components/index.ts'
import { startAuditStand } from './harness/audit-stand.ts'
import type { AuditStand } from './harness/audit-stand.ts'
import { configMap, configMapRef } from './harness/gitsync.ts'

/** A folder, to look at the pages oneself. */
const SHOTS = process.env['GITSYNC_SCREENSHOTS']

const LOOKS = {
  wide: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  'wide-dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 320, height: 640 }, colorScheme: 'dark' },
} as const
type Look = keyof typeof LOOKS

const dashboard = (panels: number, expr: string): string =>
  JSON.stringify({
    title: 'Checkout',
    uid: 'checkout',
    schemaVersion: 39,
    panels: Array.from({ length: panels }, (_panel, index) => ({
      id: index + 1,
      type: 'timeseries',
      title: ['Orders', 'Latency', 'Errors'][index],
      gridPos: { x: 12 * (index % 2), y: panels === 1 ? 0 : 8, w: 12, h: 8 },
      targets: [{ refId: 'A', expr }],
    })),
  })

let stand: AuditStand
let browser: Browser

beforeAll(async () => {
  stand = await startAuditStand()
  const shop = await stand.tenant('shop')
  const { api } = stand.plane
  const committed = (count: number): Promise<unknown> => shop.history('clusters/prod/shop', count)
  await api.create(configMap('shop', 'settings', { limit: '10', currency: 'EUR', greeting: 'Grüß Gott' }))
  await shop.sync({ path: 'clusters/prod/shop' })
  await shop.ready()
  await committed(1)
  await api.patch(configMapRef('shop', 'settings'), {
    data: { limit: '25', 'a-key-that-is-very-long': 'x'.repeat(300) },
  })
  await committed(2)
  const board = {
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'Dashboard',
    metadata: { namespace: 'shop', name: 'board' },
  }
  await api.create({
    ...board,
    spec: { syncRef: { name: 'sync' }, source: { json: dashboard(1, 'rate(orders[5m])') } },
  })
  await committed(3)
  const spec = { source: { json: dashboard(3, 'sum(rate(orders[1m])) by (shop)') } }
  await api.patch({ ...board, ...board.metadata }, { spec })
  await committed(4)
  await shop.sync({ name: 'nowhere', url: `${stand.host.remote.url}/missing.git`, path: 'nowhere' })
  await shop.ready()
  await shop.reason('RepositoryNotFound', 'nowhere')
  browser = await chromium.launch({ executablePath: await component('chromium'), args: ['--no-sandbox'] })
  if (SHOTS !== undefined) await mkdir(SHOTS, { recursive: true })
})
afterAll(async () => {
  await browser?.close()
  await stand?.stop()
})

/** A browser of somebody who has logged in with the form. */
async function loggedIn(look: Look): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext(LOOKS[look])
  const page = await context.newPage()
  await page.goto(stand.url)
  await page.getByLabel('Token').fill(await stand.token('shop'))
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('button', { name: 'Log out' }).waitFor()
  return { context, page }
}

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** What axe finds: WCAG 2.2 A and AA, and its own best practices. */
async function findings(page: Page): Promise<string[]> {
  // The page's policy runs no script, not even this one: axe comes by the debugger.
  await page.evaluate(axe.source)
  const violations = await page.evaluate(
    "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((r) => r.violations)",
  )
  return (violations as readonly Finding[]).flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}

async function expectFine(page: Page, name: string, look: Look): Promise<void> {
  if (SHOTS !== undefined)
    await writeFile(join(SHOTS, `${name}-${look}.png`), await page.screenshot({ fullPage: true }))
  expect(await findings(page), `${name}, ${look}`).toEqual([])
  const width = await page.evaluate<number>('document.documentElement.scrollWidth')
  expect(width, `${name}, ${look}: nothing stands out on the side`).toBeLessThanOrEqual(LOOKS[look].viewport.width)
}

describe.each(Object.keys(LOOKS) as Look[])('%s', (look) => {
  test('every page can be read by everybody', async () => {
    const { context, page } = await loggedIn(look)
    const problems: string[] = []
    page.on('console', (message) => problems.push(message.text()))
    page.on('request', (request) => {
      if (!request.url().startsWith(stand.url)) problems.push(request.url())
    })
    await page.goto(`${stand.url}/`)
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['shop/nowhere', 'shop/sync'])
    await expectFine(page, 'gitsyncs', look)
    await page.getByRole('link', { name: 'Timeline' }).click()
    expect(await page.getByRole('heading', { level: 3 }).count()).toBe(4)
    await expectFine(page, 'timeline', look)
    await page.getByRole('heading', { level: 3 }).first().getByRole('link').click()
    await page.getByText('Panel “Latency” (2)').waitFor()
    await expectFine(page, 'commit-dashboard', look)
    await page.getByText('Lines of the file').click()
    await expectFine(page, 'commit-dashboard-lines', look)
    await page.goBack()
    await page.getByLabel('Kind').fill('configmap')
    await page.getByRole('button', { name: 'Filter' }).click()
    expect(await page.getByRole('heading', { level: 3 }).count()).toBe(2)
    await page.getByRole('heading', { level: 3 }).first().getByRole('link').click()
    await expectFine(page, 'commit', look)
    await page.goto(`${stand.url}/timeline?author=nobody`)
    await expectFine(page, 'timeline-none', look)
    await page.goto(`${stand.url}/?q=nothing`)
    await expectFine(page, 'gitsyncs-none', look)
    await page.goto(`${stand.url}/nothing`)
    await expectFine(page, 'nothing', look)
    await page.getByRole('link', { name: 'All GitSyncs' }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Token').waitFor()
    await expectFine(page, 'login', look)
    await page.getByLabel('Token').fill('wrong')
    await page.keyboard.press('Enter')
    expect(await page.getByRole('alert').textContent()).toContain('not valid here')
    await expectFine(page, 'login-wrong', look)
    // A browser tells of every answer that is an error.
    expect(problems.filter((problem) => !/status of (401|404)/.test(problem))).toEqual([])
    await context.close()
  })
})

test('everything is reached by the keyboard, in the order in which it is read, and where it is can be seen', async () => {
  const { context, page } = await loggedIn('wide')
  await page.goto(`${stand.url}/`)
  const seen: string[] = []
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate<[string, string] | null>(`(() => {
      const at = document.activeElement
      if (at === null || at === document.body) return null
      return [at.textContent || at.getAttribute('name'), getComputedStyle(at).outlineStyle]
    })()`)
    if (at === null) break
    expect(at[1], at[0]).toBe('solid')
    seen.push(at[0])
  }
  expect(seen.slice(0, 5)).toEqual(['Skip to the content', 'GitSyncs', 'Timeline', 'Log out', 'q'])
  await page.goto(`${stand.url}/`)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  expect(await page.evaluate<string>('document.activeElement.id')).toBe('content')
  await context.close()
})

test('the cookie of a session is for no script, no other site and no connection without encryption', async () => {
  const { context, page } = await loggedIn('wide')
  const [cookie, another] = await context.cookies()
  expect(another).toBeUndefined()
  expect(cookie).toMatchObject({ name: '__Host-gitsync-audit', httpOnly: true, secure: true, sameSite: 'Strict' })
  expect(await page.evaluate<string>('document.cookie')).toBe('')
  await context.close()
})
