import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../objects/object.ts'
import { configMapKeys, configMapText } from './config-map-text.ts'
import { DashboardError } from './dashboard-error.ts'
import { MAX_DASHBOARD_BYTES } from './dashboard-file.ts'

const configMap = (content: Record<string, unknown>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', namespace: 'shop' },
  ...content,
})
const binary = (bytes: Uint8Array): KubernetesObject =>
  configMap({ binaryData: { k: Buffer.from(bytes).toString('base64') } })

test('the same text from data, from binaryData, and compressed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      expect(configMapText(configMap({ data: { k: text } }), 'k')).toBe(text)
      const bytes = Buffer.from(text)
      expect(configMapText(binary(gzipSync(bytes)), 'k')).toBe(text)
      if (bytes[0] !== 0x1f) expect(configMapText(binary(bytes), 'k')).toBe(text)
    }),
  )
})

test('what is not there is not there, whatever objects have of themselves', () => {
  expect(configMapText(configMap({}), 'k')).toBeUndefined()
  expect(configMapText(configMap({ data: { a: '' } }), 'toString')).toBeUndefined()
  expect(configMapText(configMap({ data: { a: '' } }), 'a')).toBe('')
  expect(configMapKeys(configMap({ data: { b: '', a: '' }, binaryData: { aa: '' } }))).toEqual(['a', 'aa', 'b'])
  expect(configMapKeys(configMap({}))).toEqual([])
})

test('bytes that are no text are refused', () => {
  const message = 'key k of binaryData holds bytes that are neither UTF-8 nor that compressed with gzip'
  expect(() => configMapText(binary(Uint8Array.of(0xff, 0xfe, 0x41)), 'k')).toThrow(new DashboardError(message))
  expect(() => configMapText(binary(gzipSync(Uint8Array.of(0xff))), 'k')).toThrow(new DashboardError(message))
  const cut = gzipSync('{"title": "x"}').subarray(0, 20)
  expect(() => configMapText(binary(cut), 'k')).toThrow(
    new DashboardError('what is compressed with gzip cannot be read: it is damaged'),
  )
})

test('what is small and would inflate to much is never held', () => {
  const bomb = gzipSync(new Uint8Array(64 << 20))
  expect(bomb.length).toBeLessThan(100_000)
  const object = binary(bomb)
  const before = process.memoryUsage().arrayBuffers
  expect(() => configMapText(object, 'k')).toThrow(
    new DashboardError(`what is compressed with gzip cannot be read: it has more than ${MAX_DASHBOARD_BYTES} bytes`),
  )
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * MAX_DASHBOARD_BYTES)
})
