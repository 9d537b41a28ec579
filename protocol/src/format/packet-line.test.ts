import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { DELIMITER, FLUSH, MAX_PAYLOAD, packetLine, packetText, readPacket } from './packet-line.ts'
import type { Packet } from './packet-line.ts'
import { printable, RemoteMessages, sideBand } from './side-band.ts'

function reader(bytes: string | Uint8Array, size = 1 << 20): ByteReader {
  const all = Buffer.from(bytes as string)
  return new ByteReader(
    (async function* () {
      for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size)
    })(),
  )
}

async function packets(input: ByteReader): Promise<Packet[]> {
  const found: Packet[] = []
  for (let packet = await readPacket(input); packet !== undefined; packet = await readPacket(input)) found.push(packet)
  return found
}

async function collect(input: ByteReader, messages = new RemoteMessages((text) => text)): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of sideBand(input, messages)) parts.push(part)
  return Buffer.concat(parts)
}

const band = (channel: number, bytes: string | Uint8Array): Buffer =>
  packetLine(Buffer.concat([Buffer.from([channel]), Buffer.from(bytes as string)]))

describe('packet lines', () => {
  test('what is written is read back, whatever the chunks', async () => {
    const item = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('flush', 'delimiter'))
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), async (items, size) => {
        const bytes = items.map((one) =>
          one === 'flush' ? FLUSH : one === 'delimiter' ? DELIMITER : packetLine(one as Uint8Array),
        )
        const read = await packets(reader(Buffer.concat(bytes), size))
        expect(read).toEqual(
          items.map((one) => (typeof one === 'string' ? { type: one } : { type: 'data', payload: Buffer.from(one) })),
        )
      }),
    )
  })

  test('the largest packet, and one byte more', async () => {
    const largest = packetLine(Buffer.alloc(MAX_PAYLOAD, 'x'))
    expect(largest.toString('latin1', 0, 4)).toBe('fff0')
    expect(await packets(reader(largest))).toMatchObject([{ type: 'data' }])
    expect(() => packetLine(Buffer.alloc(MAX_PAYLOAD + 1))).toThrowError(
      expect.objectContaining({ code: 'InvalidInput' }),
    )
  })

  test.each([
    '0003',
    'fff1',
    'ffff',
    '-001',
    '+010',
    '0x10',
    ' 010',
    'zzzz',
    '00',
    '0010short',
    '\0\0\0\0',
    '<htm',
    '１０１０',
  ])('the length %j is refused', async (text) => {
    await expect(packets(reader(text))).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('a line loses one line break, not more', () => {
    expect(['a\n', 'a', 'a\n\n', ''].map((text) => packetText(Buffer.from(text)))).toEqual(['a', 'a', 'a\n', ''])
  })
})

describe('side-band', () => {
  test('channel 1 is the data, channel 2 is for people, whatever the chunks', async () => {
    const piece = fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 100 }))
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 10 }), fc.integer({ min: 1, max: 40 }), async (pieces, size) => {
        const stream = Buffer.concat([...pieces.map(([channel, bytes]) => band(channel, bytes)), FLUSH])
        const expected = Buffer.concat(pieces.filter(([channel]) => channel === 1).map(([, bytes]) => bytes))
        expect((await collect(reader(stream, size))).equals(expected)).toBe(true)
      }),
    )
  })

  test('what has arrived of a packet passes on before the rest is there', async () => {
    const stream = Buffer.concat([band(1, 'first half, second half'), FLUSH])
    const cut = stream.indexOf(' second')
    const sent: string[] = []
    const input = new ByteReader(
      (async function* () {
        yield stream.subarray(0, cut)
        sent.push('the rest')
        yield stream.subarray(cut)
      })(),
    )
    const parts = sideBand(input, new RemoteMessages((text) => text))
    expect((await parts.next()).value?.toString()).toBe('first half,')
    expect(sent).toEqual([])
    expect((await parts.next()).value?.toString()).toBe(' second half')
    expect((await parts.next()).done).toBe(true)
  })

  test('channel 3 ends the stream with the words of the server, and what it said before', async () => {
    const stream = Buffer.concat([band(1, 'data'), band(2, 'about to fail\n'), band(3, 'disk \u001b[31mfull\n'), FLUSH])
    await expect(collect(reader(stream))).rejects.toMatchObject({
      code: 'ServerError',
      message: expect.stringContaining('disk  [31mfull'),
      details: { remote: ['about to fail', 'disk  [31mfull'] },
    })
  })

  test.each([
    ['channel 0', Buffer.concat([band(0, 'x'), FLUSH])],
    ['channel 4', Buffer.concat([band(4, 'x'), FLUSH])],
    ['a packet without a channel', Buffer.concat([packetLine(''), FLUSH])],
    ['a delimiter', DELIMITER],
    ['no end', band(1, 'x')],
    ['nothing', Buffer.alloc(0)],
    ['half a packet', band(1, 'xyz').subarray(0, 6)],
  ])('refused: %s', async (_what, bytes) => {
    await expect(collect(reader(bytes))).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('messages are kept up to a limit, as lines without control characters', async () => {
    const messages = new RemoteMessages((text) => text)
    const noise = Array.from({ length: 100 }, () => band(2, `${'x'.repeat(60_000)}\n`))
    await collect(reader(Buffer.concat([band(2, 'a\rb\u001b]0;title\u0007\n\n'), ...noise, FLUSH])), messages)
    expect(messages.lines().slice(0, 2)).toEqual(['a', 'b ]0;title'])
    expect(messages.lines().join('').length).toBeLessThanOrEqual(64 * 1024)
    expect(printable('\u0000a\u009b1mb\u007f')).toBe('a 1mb')
  })
})
