import { expect, test, vi } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { packetLine } from './packet-line.ts'
import { RemoteMessages, sideBand } from './side-band.ts'

test('empty chunks are not collected: there could be any number of them', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('ab')
    for (let i = 0; i < 1000; i++) yield new Uint8Array()
    yield Buffer.from('cd')
  }
  const concat = vi.spyOn(Buffer, 'concat')
  const reader = new ByteReader(chunks())
  expect((await reader.take(4)).toString()).toBe('abcd')
  expect(concat.mock.lastCall?.[0]).toHaveLength(2)
  concat.mockRestore()
})

test('empty packets of a channel are nothing', async () => {
  async function* packets(): AsyncGenerator<Uint8Array> {
    for (const text of ['', 'x', '', '']) yield packetLine(`\x01${text}`)
    yield Buffer.from('0000')
  }
  const pieces: string[] = []
  const messages = new RemoteMessages((text) => text)
  for await (const piece of sideBand(new ByteReader(packets()), messages)) pieces.push(piece.toString())
  expect(pieces).toEqual(['x'])
})
