import { expect, test } from 'vitest'
import { parseExact } from '../objects/exact-json.ts'
import { DashboardError } from './dashboard-error.ts'
import { libraryPanelFile } from './library-panel-file.ts'
import type { PanelContent } from './library-panel-file.ts'

const panel = (model: string, more: Partial<PanelContent> = {}): PanelContent => ({
  uid: 'p',
  name: 'Latency',
  folder: 'team',
  model: parseExact(model) as PanelContent['model'],
  ...more,
})

test('keys have one order, numbers are as they were spelt, and the panel is as it was', () => {
  const model = '{"type": "graph", "max": 1.50, "id": 9007199254740993, "b": {"z": -0, "a": []}}'
  const bytes = libraryPanelFile(panel(model))
  expect(Buffer.from(bytes).toString()).toBe(`{
  "folderUid": "team",
  "kind": 1,
  "model": {
    "b": {
      "a": [],
      "z": -0
    },
    "id": 9007199254740993,
    "max": 1.50,
    "type": "graph"
  },
  "name": "Latency",
  "uid": "p"
}
`)
})

test.each([
  [panel('{}', { uid: 'a/b' }), 'uid "a/b" must be at most 40 letters, digits, - and _'],
  [panel('{}', { name: ' ' }), 'it has no name'],
  [panel(`{"a": ${'['.repeat(300)}${']'.repeat(300)}}`), 'line 1, column 206: nested deeper than 200 levels'],
  [panel(`{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 'it is nested too deep'],
  [panel(`{"a": [${'0,'.repeat(500_000)}0]}`), 'it has more than 500000 values'],
  [panel(`{"a": "${'x'.repeat(5 << 20)}"}`), 'its file has more than 4194304 bytes'],
])('%# is refused', (content, message) => {
  expect(() => libraryPanelFile(content)).toThrow(new DashboardError(message))
})
