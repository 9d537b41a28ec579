import { describe, expect, test } from 'vitest'
import { pushRequest } from './push-request.ts'
import type { Remote } from './remote/remote.ts'
import { Session } from './session.ts'

const remote = { url: 'https://git.example.com/r.git', userAgent: 'git/test' } as Remote
const open = (): Session => new Session(remote, { oneFetchBytes: 0 })
const [sha1, sha256] = ['a'.repeat(40), 'b'.repeat(64)]

describe('a command', () => {
  test.each(['refs/heads/x\0delete-refs', 'refs/heads/x\n', 'refs/heads/../x', 'main', 'HEAD', ''])(
    'has no ref %j, wherever the name comes from',
    async (ref) => {
      await expect(pushRequest(open(), [{ ref, old: null, new: sha1 }], {})).rejects.toMatchObject({
        code: 'InvalidInput',
        details: { ref },
      })
    },
  )

  test('has the hash function of its ids, which are of one', async () => {
    const of = (old: string | null, next: string | null) =>
      pushRequest(open(), [{ ref: 'refs/heads/x', old, new: next }], {})
    expect((await of(null, sha1)).format.name).toBe('sha1')
    const request = await of(sha256, null)
    expect(request.format.name).toBe('sha256')
    expect(request.capabilities).toContain('object-format=sha256')
    await expect(of(sha1, sha256)).rejects.toMatchObject({ code: 'InvalidInput', details: { field: 'new' } })
  })

  test('asks for no more than every server has, unless it must', async () => {
    const plain = await pushRequest(open(), [{ ref: 'refs/heads/x', old: null, new: sha1 }], { atomic: true })
    expect(plain.capabilities).toEqual(['report-status', 'side-band-64k', 'agent=git/test'])
  })
})
