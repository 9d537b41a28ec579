import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ApiError } from './errors.ts'
import { decodeProtobuf } from './protobuf.ts'

const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
const text = (number: number, value: string): Buffer => field(number, Buffer.from(value))
const message = (kind: string, ...fields: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, Buffer.concat([text(1, 'v1'), text(2, kind)])),
    field(2, Buffer.concat(fields)),
  ])

test('fields, maps and optional zero values are read, empty ones left out', () => {
  const metadata = field(1, Buffer.concat([text(1, 'name'), text(3, '')]))
  const entry = field(2, Buffer.concat([text(1, 'key'), text(2, 'value')]))
  const immutable = Buffer.from([4 << 3, 0])
  expect(decodeProtobuf(message('ConfigMap', metadata, entry, immutable))).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'name' },
    data: { key: 'value' },
    immutable: false,
  })
})

test.each([
  ['a kind', message('Nope'), /kind Nope/],
  ['a field', message('ConfigMap', text(9, 'x')), /field 9 of ConfigMap/],
  ['no magic number', Buffer.from('{}'), /magic number/],
  ['a cut message', message('ConfigMap', text(1, 'x')).subarray(0, -1), /ends within a field/],
])('%s that is not known is refused by name', (_what, body, message) => {
  expect(() => decodeProtobuf(body)).toThrow(message)
})

test('any bytes give an object or an ApiError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const body = message('Deployment', Buffer.from(bytes).subarray(0, 120))
      try {
        expect(decodeProtobuf(body).kind).toBe('Deployment')
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError)
      }
    }),
  )
})
