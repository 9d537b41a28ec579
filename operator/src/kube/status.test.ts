import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKubeClient } from './client.ts'
import { mergePatch, writeStatus } from './status.ts'
import { send, startApi } from './testing/api.ts'
import { CONFIG_MAPS } from './testing/config-maps.ts'

/** RFC 7396, the algorithm of section 2. */
function apply(target: any, patch: any): any {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = apply(result[name], value)
  }
  return result
}

test('the patch turns one status into the other, and there is none when they are equal', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.integer({ max: 3, min: 0 }),
      fc.boolean(),
      fc.array(fc.integer({ max: 2, min: 0 }), { maxLength: 2 }),
      tie('object'),
    ),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('any'), { maxKeys: 3, noNullPrototype: true }),
  })).object
  fc.assert(
    fc.property(value, value, (from, to) => {
      const patch = mergePatch(from, to)
      expect(patch === undefined ? from : apply(from, patch)).toEqual(to)
      expect(mergePatch(to, to)).toBeUndefined()
    }),
    { numRuns: 1000 },
  )
})

test('writes only what differs, to the status of this very object', async () => {
  const answered = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, status: { files: 2 } }
  const api = await startApi((_call, response) => send(response, 200, answered))
  const client = createKubeClient(api.connection)
  const seen = {
    ...answered,
    metadata: { name: 'x', namespace: 'a', uid: 'u-1' },
    status: { files: 1, commit: 'c', conditions: [{ type: 'Ready' }] },
  }
  expect(await writeStatus(client, CONFIG_MAPS, seen, seen.status)).toBeUndefined()
  expect(api.calls).toHaveLength(0)
  expect(await writeStatus(client, CONFIG_MAPS, seen, { files: 2, conditions: seen.status.conditions })).toEqual(
    answered,
  )
  expect(api.calls[0]).toMatchObject({ method: 'PATCH', path: '/api/v1/namespaces/a/configmaps/x/status' })
  expect(api.calls[0]?.body).toEqual({ metadata: { uid: 'u-1' }, status: { files: 2, commit: null } })
  await client.close()
  await api.close()
})
