import { expect, test } from 'vitest'
import { KubeError } from '../../kube/errors.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import { readCredentials } from './read-credentials.ts'

test('a Secret that does not exist is told with the field that names it', async () => {
  const get = async (): Promise<never> => {
    throw new KubeError('NotFound', 'GET: 404')
  }
  const run = reconciliation({ client: { get } }, gitSync({ name: 'x' }, { secretRef: { name: 'later' } }))
  expect(await readCredentials(run)).toEqual({
    reason: 'SecretNotFound',
    message: 'spec.repository.secretRef: Secret later does not exist in namespace shop',
  })
})
