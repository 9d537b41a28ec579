import { SCENARIOS } from '../scenarios/index.ts'
import git from 'isomorphic-git'
import http from 'isomorphic-git/http/node'
import { prime, readArguments, runClient } from './client.ts'
import { isomorphicKit } from './isomorphic-kit.ts'

const { scenario, task } = readArguments()
await prime(task, (url) => git.listServerRefs({ http, url }))
await runClient(SCENARIOS.find(({ name }) => name === scenario)?.clients.isomorphic, isomorphicKit(task))
