import { request } from 'node:https'
import { connect } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuthorRecords } from '../plan/authors/records.ts'
import { RECORDS_PATH, writeRecords } from '../replicas/records.ts'
import { createLogger } from '../serve/log.ts'
import { makeServingCertificate } from './certificate.ts'
import { AUDIT_PATH, DELETED_PATH, STAMP_PATH } from './paths.ts'
import { serveWebhook } from './server.ts'
import type { WebhookServer } from './server.ts'

const TOKEN = 'told to nobody'
const REPLICA_TOKEN = 'made of the key that replicas share'
const AUDIT_TOKEN = 'told to the API server'
const DELETED = `${DELETED_PATH}${encodeURIComponent(TOKEN)}`
/** As many as the webhook holds at once. */
const PLACES = 16

let records: AuthorRecords
let server: WebhookServer
/** This process writes to Git. */
let holds: boolean
beforeEach(async () => {
  records = new AuthorRecords()
  holds = true
  const relayed = () => (holds ? records : undefined)
  server = await serveWebhook('127.0.0.1:0', {
    records,
    relayed,
    extra: {},
    logger: createLogger('silent'),
    bodyMs: 1_000,
  })
  const { ca, certificate, key } = await makeServingCertificate(['127.0.0.1'], Date.now())
  server.use({
    certificate,
    key,
    authorities: ca,
    token: encodeURIComponent(TOKEN),
    replicaToken: REPLICA_TOKEN,
    auditToken: AUDIT_TOKEN,
  })
})
afterEach(() => server.close())

const port = (): number => Number(server.address.split(':').at(-1))
const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const to = {
      host: '127.0.0.1',
      port: port(),
      path,
      method: 'POST',
      headers,
      rejectUnauthorized: false,
      agent: false,
    }
    request({ ...to, headers: { 'content-length': String(Buffer.byteLength(body)), ...headers } }, (answer) =>
      resolve(answer.resume().statusCode),
    )
      .on('error', reject)
      .end(body)
  })
const asked = (operation: string): string =>
  JSON.stringify({
    request: { uid: 'r', operation, userInfo: { username: 'ann' }, oldObject: { metadata: { uid: 'u' } } },
  })
const deleter = (): string | undefined => records.deleter({ uid: 'u' }, new Set(['Stamp']))?.name

test('a deletion counts with the token that only the API server is told', async () => {
  expect(await post(`${DELETED_PATH}guess`, asked('DELETE'))).toBe(404)
  expect(deleter()).toBeUndefined()
  expect(await post(DELETED, asked('DELETE'))).toBe(200)
  expect(deleter()).toBe('ann')
})

test('audit events count with the token of their sender', async () => {
  expect(await post(AUDIT_PATH, '{}', { authorization: 'Bearer guess' })).toBe(401)
  expect(await post(AUDIT_PATH, '{}', { authorization: `Bearer ${AUDIT_TOKEN}` })).toBe(200)
})

test('what other replicas have heard counts with their token, where it is of use', async () => {
  const body = writeRecords([{ uid: 'u', user: { name: 'ann' }, told: 'Stamp', isTerminating: false }])
  const send = (token: string, text = body.toString()): Promise<number | undefined> =>
    post(RECORDS_PATH, text, { authorization: `Bearer ${token}` })
  for (const token of ['', 'guess', TOKEN, AUDIT_TOKEN]) expect(await send(token)).toBe(404)
  holds = false
  expect(await send(REPLICA_TOKEN)).toBe(503)
  expect(deleter()).toBeUndefined()
  holds = true
  expect(await send(REPLICA_TOKEN, '[{}]')).toBe(400)
  expect(await send(REPLICA_TOKEN, ' '.repeat(5 << 20)).catch(() => 413)).toBe(413)
  expect(await send(REPLICA_TOKEN)).toBe(200)
  expect(deleter()).toBe('ann')
})

test('what is no review is answered so, and what is too large is not read', async () => {
  expect(await post(STAMP_PATH, '{}')).toBe(400)
  expect(await post(STAMP_PATH, '', { 'content-length': String(1 << 30) }).catch(() => 413)).toBe(413)
})

test('whoever sends slowly, and has no token, keeps no deletion from being told, and soon nobody from being stamped', async () => {
  const sockets = Array.from({ length: PLACES }, () =>
    connect({ port: port(), host: '127.0.0.1', rejectUnauthorized: false }),
  )
  for (const socket of sockets) {
    socket.on('error', () => undefined)
    socket.write(`POST ${STAMP_PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`)
  }
  const drip = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write('x')
  }, 50)
  try {
    await expect.poll(() => post(STAMP_PATH, asked('UPDATE'))).toBe(503)
    expect(await post(DELETED, asked('DELETE'))).toBe(200)
    await expect.poll(() => post(STAMP_PATH, asked('UPDATE')), { timeout: 5_000 }).toBe(200)
  } finally {
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
  }
})
