import { expect, test } from 'vitest'
import { alertRulesFile } from './alert-rules-file.ts'
import { DashboardError } from './dashboard-error.ts'

const EXPORT = `apiVersion: 1
groups:
    - orgId: 1
      name: High load
      folder: Team
      interval: 1m
      rules:
        - uid: a
          title: CPU
          data:
            - model: {expression: "$A > 1.50"}
`
const written = (text: string, group = 'High load'): string => Buffer.from(alertRulesFile(text, group)).toString()

test('the file is the text as Grafana spells it, with the line ends of Git', () => {
  expect(written(EXPORT)).toBe(EXPORT)
  expect(written(EXPORT.replaceAll('\n', '\r\n'))).toBe(EXPORT)
  expect(written(EXPORT.trimEnd())).toBe(EXPORT)
  expect(written(`${EXPORT}\n\n`)).toBe(EXPORT)
})

test.each([
  ['<html></html>', 'its export is no file for provisioning: apiVersion: 1 and groups were expected'],
  ['{"message": "x"}', 'its export is no file for provisioning: apiVersion: 1 and groups were expected'],
  ['apiVersion: 2\ngroups: []', 'its export is no file for provisioning: apiVersion: 1 and groups were expected'],
  ['apiVersion: 1\ngroups: {}', 'its export is no file for provisioning: apiVersion: 1 and groups were expected'],
  ['apiVersion: 1\ngroups: []', 'its export is not that of this group alone'],
  [EXPORT.replace('High load', 'Other'), 'its export is not that of this group alone'],
  [`${EXPORT}    - {name: High load, rules: []}\n`, 'its export is not that of this group alone'],
  [EXPORT.replace('CPU', 'C\u0007PU'), 'its export has control characters'],
])('%j is refused', (text, message) => {
  expect(() => alertRulesFile(text, 'High load')).toThrow(new DashboardError(message))
})

test.each([
  ['apiVersion: 1\n- x', /its export is not YAML/],
  [`${EXPORT}---\na: 1\n`, /its export is not YAML/],
  ['['.repeat(200_000), /its export is not YAML/],
  [`apiVersion: 1\ngroups: &a [${'*a,'.repeat(10)}]`, /its export is not YAML/],
  [`# ${'x'.repeat(5 << 20)}`, /its export has more than 4194304 bytes/],
  [`# ${'é'.repeat(3 << 20)}\n${EXPORT}`, /its export has more than 4194304 bytes/],
])('what is not one document, and what would take long, is refused in words (%#)', (text, message) => {
  let error: unknown
  try {
    alertRulesFile(text, 'High load')
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(DashboardError)
  expect((error as DashboardError).message).toMatch(message)
})
