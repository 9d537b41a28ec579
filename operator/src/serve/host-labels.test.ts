import { Counter, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { codeLabel, HostLabels, OTHER } from './host-labels.ts'

test('so many hosts have a label of their own, and one that is named no more makes room and takes its series along', async () => {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({ name: 'requests_total', help: 'h', labelNames: ['host', 'code'], registers })
  const seconds = new Histogram({ name: 'request_seconds', help: 'h', labelNames: ['host'], registers })
  const hosts = new HostLabels([requests, seconds], 2)
  for (const host of ['a', 'b', 'c', 'd', 'a']) {
    requests.inc({ host: hosts.of(host), code: '200' })
    seconds.observe({ host: hosts.of(host) }, 1)
  }
  expect((await requests.get()).values.map(({ labels, value }) => [labels.host, value])).toEqual([
    ['a', 2],
    ['b', 1],
    [OTHER, 2],
  ])
  await hosts.keepOnly(new Set(['b', 'c']))
  expect(await registry.metrics()).not.toContain('host="a"')
  expect(await registry.metrics()).toContain('request_seconds_count{host="b"} 1')
  expect(hosts.of('c')).toBe('c')
  expect(hosts.of('e')).toBe(OTHER)
})

test('a host that answers with every number there is gives a bounded number of labels', () => {
  const codes = new Set(Array.from({ length: 1000 }, (_, status) => codeLabel(status)))
  expect(codes.size).toBeLessThan(40)
  expect([codeLabel(429), codeLabel(418), codeLabel(0)]).toEqual(['429', '4xx', '0'])
})
