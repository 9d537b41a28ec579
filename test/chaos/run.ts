import { setTimeout as pause } from 'node:timers/promises'
import { createEditor } from './edits.ts'
import type { Editor } from './edits.ts'
import { faultsOfHistory } from './history.ts'
import { differences } from './oracle.ts'
import { seeded } from './random.ts'
import type { Random } from './random.ts'
import { startRig } from './rig.ts'
import type { Rig } from './rig.ts'
import { NAMESPACES } from './tenants.ts'

/** Something that goes wrong while people edit. */
export interface Accident {
  readonly name: string
  /** Recovery takes longer than the short form of the tests has. */
  readonly slow?: boolean
  /** Before the first edit. */
  begin?(run: Run): void | Promise<void>
  /** After each edit. */
  tick?(run: Run): void | Promise<void>
  /** After the last edit: from here on everything works again. */
  end?(run: Run): void | Promise<void>
}

/** A cluster with people at work in it, and the operator that writes it down. */
export interface Run {
  readonly seed: number
  readonly rig: Rig
  readonly random: Random
  readonly editor: Editor
  /** Edits under this accident, then waits until Git equals the cluster. @throws Error naming the seed */
  survive(accident: Accident, edits: number): Promise<void>
  /** Ends the operator and judges all that is in Git. @throws Error naming the seed */
  judge(): Promise<void>
  close(): Promise<void>
}

/** Longest pause between two edits, in milliseconds: around the commit window, so that both sides of it are met. */
const LONGEST_PAUSE = 60
const POLL = 50
/** Until Git has to equal the cluster, in milliseconds: a few rounds of the operator's longest backoff. */
const PATIENCE = 90_000

export async function startRun(seed: number, objects = 12): Promise<Run> {
  const random = seeded(seed)
  const rig = await startRig()
  const editor = createEditor(rig.api, random, objects)
  const failed = (what: string, findings: readonly string[]): Error =>
    new Error(
      [`seed ${seed}, after ${editor.count} edits: ${what}`, ...findings.slice(0, 10), rig.output().slice(-6000)].join(
        '\n',
      ),
    )

  const settled = async (name: string): Promise<void> => {
    const deadline = performance.now() + PATIENCE
    let tip: string | null | undefined
    for (;;) {
      const now = await rig.store.resolve('main')
      const late = performance.now() > deadline
      if (now !== tip || late) {
        tip = now
        const found = await differences(rig.api, rig.store, NAMESPACES)
        if (found.length === 0) return
        if (late) throw failed(`Git does not become equal to the cluster (${name})`, found)
      }
      await pause(POLL)
    }
  }
  const run: Run = {
    seed,
    rig,
    random,
    editor,
    async survive(accident, edits) {
      await rig.start()
      await accident.begin?.(run)
      for (let i = 0; i < edits; i++) {
        editor.edit()
        await accident.tick?.(run)
        await pause(random.int(LONGEST_PAUSE))
      }
      // What was meant for one request each and met none would go on long after the accident, a backoff at a time.
      rig.api.faults.clear()
      rig.remote.faults.clear()
      await accident.end?.(run)
      await rig.start()
      await settled(accident.name)
    },
    async judge() {
      await rig.end()
      const found = [
        ...(await differences(rig.api, rig.store, NAMESPACES)),
        ...(await faultsOfHistory(rig.store, editor.versions)),
      ]
      if (found.length > 0) throw failed('something is wrong in Git', found)
    },
    close: () => rig.close(),
  }
  try {
    await rig.start()
    await settled('first export')
  } catch (error) {
    await rig.close()
    throw error
  }
  return run
}
