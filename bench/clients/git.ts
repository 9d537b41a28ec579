import { mkdir } from 'node:fs/promises'
import { SCENARIOS } from '../scenarios/index.ts'
import { readArguments, runClient } from './client.ts'
import { gitKit } from './git-kit.ts'

const { scenario, client, task } = readArguments()
await mkdir(task.scratch, { recursive: true })
const clients = SCENARIOS.find(({ name }) => name === scenario)?.clients
const kit = gitKit(task)
await runClient(clients?.[client === 'git-partial' ? 'git-partial' : 'git-shallow'], kit, kit.peak)
