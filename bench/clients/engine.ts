import { SCENARIOS } from '../scenarios/index.ts'
import { openRepository } from '../../protocol/src/index.ts'
import { prime, readArguments, runClient } from './client.ts'
import { engineKit } from './engine-kit.ts'

const { scenario, client, task } = readArguments()
const clients = SCENARIOS.find(({ name }) => name === scenario)?.clients
await prime(task, (url) => openRepository(url).refs())
await runClient(clients?.[client === 'engine' ? 'engine' : 'engine-levels'], engineKit(task))
