/** The commands of the pages, run as a reader would: page by page, from top to bottom, against a real API server. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { definitionsEstablished, realControlPlane } from '../e2e/harness/control-plane.ts'
import type { ControlPlane } from '../e2e/harness/control-plane.ts'
import { startOperator } from '../e2e/harness/operator.ts'
import type { Operator } from '../e2e/harness/operator.ts'
import { startCluster } from '../kit/cluster/index.ts'
import { CommandError } from '../kit/process/index.ts'
import { blocksOf, operatorPages, ROOT } from './blocks.ts'
import type { Block } from './blocks.ts'
import { startNode } from './node.ts'
import { makePlace, substitute } from './place.ts'
import type { Place } from './place.ts'
import { NOT_RUN, STORIES } from './stories.ts'
import type { Given } from './stories.ts'

const blocks = operatorPages().flatMap(blocksOf)

/** Language and use → what becomes of such a block. */
const USES: Readonly<Record<string, string>> = {
  'sh run': 'run',
  'sh ': 'a comment says why it cannot be run here',
  'sh remedy': 'reasons.test.ts',
  'text message': 'reasons.test.ts',
  'text output': 'compared with what the command before it prints',
  'text ': 'shown only',
  'yaml ': 'tried at the API server',
  'yaml apply': 'applied',
  'ts ': 'README: the same as in the guide of the engine',
}

test('every block of the pages says what becomes of it', () => {
  const unknown = blocks.filter(({ language, use }) => USES[`${language} ${use}`] === undefined)
  expect(unknown.map(({ page, line }) => `${page}:${line}`)).toEqual([])
  const silent = blocks.filter(({ language, use, notRun }) => language === 'sh' && use === '' && notRun === undefined)
  expect(silent.map(({ page, line }) => `${page}:${line}`)).toEqual([])
})

test('what is not run is known, with its reason', () => {
  const reasons: Record<string, number> = {}
  for (const { notRun } of blocks) if (notRun !== undefined) reasons[notRun] = (reasons[notRun] ?? 0) + 1
  expect(reasons).toEqual(NOT_RUN)
})

test('every page with something to run has a story', () => {
  const pages = new Set(blocks.filter(isStep).map(({ page }) => page))
  expect([...pages].sort()).toEqual(Object.keys(STORIES).sort())
})

function isStep({ language, use, notRun }: Block): boolean {
  return (
    notRun === undefined &&
    (use === 'run' || use === 'apply' || use === 'output' || (language === 'yaml' && use === ''))
  )
}

describe.each(Object.entries(STORIES))('%s', (page, given) => {
  let scene: Scene
  beforeAll(async () => {
    scene = await setTheScene(given)
  })
  afterAll(() => scene?.stop())

  test('its commands do what it says', async () => {
    const { place } = scene
    const steps = blocks.filter((block) => block.page === page && isStep(block))
    const script = steps.map((block, index) => `echo "${MARK}${index}"\n${scriptOf(block, place)}`).join('\n')
    const printed = await place.shell(script).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error
      const at = steps[Number(error.stdout.split(MARK).at(-1)?.split('\n')[0])]
      throw new Error(`${page}:${at?.line}: ${error.stderr}\n${error.stdout.slice(-2000)}\n${scene.log()}`)
    })
    const outputs = new Map(
      printed
        .split(MARK)
        .slice(1)
        .map((part) => [Number(part.split('\n')[0]), part.slice(part.indexOf('\n') + 1).trimEnd()]),
    )
    for (const [index, { use, code, line }] of steps.entries()) {
      if (use !== 'output') continue
      expect(asInPages(outputs.get(index - 1) ?? '', place), `${page}:${line}`).toMatch(patternOf(code))
    }
  })
})

const MARK = '\u001e'

function scriptOf({ language, use, code }: Block, { substitutions }: Place): string {
  const text = substitute(code, substitutions)
  if (use === 'output') return ''
  if (language === 'sh') return text
  const dryRun = use === 'apply' ? '' : ' --dry-run=server'
  return `kubectl apply${dryRun} -f - <<'END-OF-MANIFEST'\n${text}\nEND-OF-MANIFEST`
}

function asInPages(output: string, { substitutions }: Place): string {
  return substitutions.reduce((text, [inPages, here]) => text.replaceAll(here, inPages), output)
}

/** `…` stands for anything within a line, a line of `…` for any lines; how wide columns are does not count. */
function patternOf(shown: string): RegExp {
  const lines = shown.split('\n').map((line) =>
    line === '…'
      ? '[^]*?'
      : line
          .trim()
          .split(/ {2,}/)
          .map((cell) => cell.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('…', '.*?'))
          .join(' +'),
  )
  return new RegExp(`^\\s*${lines.join('\\s*\\n\\s*')}\\s*$`)
}

interface Scene {
  readonly place: Place
  /** What the operator says, for error messages. */
  log(): string
  stop(): Promise<void>
}

async function setTheScene(given: Given): Promise<Scene> {
  if (given === 'cluster') {
    const cluster = await startCluster()
    const place = await makePlace(cluster.kubeconfig())
    const node = startNode(cluster, place.folder)
    return {
      place,
      log: () => node.log(),
      async stop() {
        await node.stop()
        await place.stop()
        await cluster.stop()
      },
    }
  }
  const { plane, operator } = await (shared ??= startShared())
  const place = await makePlace(plane.kubeconfig)
  const app = join(place.folder, 'examples/app')
  await plane.kubectl(['apply', '-f', app, '-f', '-'], await example(place, given === 'gitsync'))
  if (given === 'gitsync') {
    await plane.kubectl(['wait', '--for=condition=Ready', 'gitsync/shop', '-n', 'shop', '--timeout=60s'])
  }
  return {
    place,
    log: () => operator.log().slice(-3000),
    async stop() {
      const providers = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitProvider' }
      for (const { metadata } of await plane.api.list(providers)) {
        await plane.api.delete({ ...providers, name: metadata.name })
      }
      await plane.deleteNamespace('shop')
      await place.stop()
    },
  }
}

/** For pages that install nothing: each finds it as the first one did. */
let shared: Promise<{ readonly plane: ControlPlane; readonly operator: Operator }> | undefined
afterAll(async () => {
  const { plane, operator } = (await shared) ?? {}
  await operator?.stop()
  await plane?.stop()
})

/** As docs/guides/admin-ui.md has the chart say. */
const TRUSTED = ['--trusted-account=shop/admin-ui']

async function startShared(): Promise<{ readonly plane: ControlPlane; readonly operator: Operator }> {
  const plane = await realControlPlane('etcd')
  await plane.kubectl(['apply', '-f', join(ROOT, 'examples/app/10-pricelists-crd.yaml')])
  await definitionsEstablished(plane.api)
  return { plane, operator: await startOperator({ kubeconfig: plane.kubeconfig, args: TRUSTED }) }
}

/** examples/gitsync.yaml, with or without the GitSync itself. */
async function example({ folder }: Place, withGitSync: boolean): Promise<string> {
  const documents = (await readFile(join(folder, 'examples/gitsync.yaml'), 'utf8')).split(/^---$/m)
  return documents.filter((text) => withGitSync || !/^kind: GitSync$/m.test(text)).join('---')
}
