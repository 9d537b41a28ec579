import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporarySpill } from './spill.ts'

test('without a folder nothing is kept, closing is no error, and the next try takes what it finds', async () => {
  const place = await mkdtemp(join(tmpdir(), 'spill-'))
  const spill = temporarySpill({ folder: join(place, 'none') })
  const refused = {
    code: 'LimitExceeded',
    message: expect.stringContaining('ENOENT'),
    details: { path: join(place, 'none') },
  }
  await expect(spill.append(Buffer.from('one'))).rejects.toMatchObject(refused)
  await mkdir(join(place, 'none'))
  const at = await spill.append(Buffer.from('two'))
  expect((await spill.read(at, 3)).toString()).toBe('two')
  await spill.close()
  await rm(place, { recursive: true })
  await expect(spill.append(Buffer.from('three'))).rejects.toMatchObject(refused)
  await spill.close()
})
