import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cpuTime } from '../../../../test/kit/process/index.ts'
import { keyType, KnownHosts } from './known-hosts.ts'

function keyOf(type: string, filler: number): Buffer {
  const name = Buffer.from(type)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(name.length)
  return Buffer.concat([length, name, Buffer.alloc(32, filler)])
}

const KEY = keyOf('ssh-ed25519', 1)
const OTHER = keyOf('ssh-ed25519', 2)
const RSA = keyOf('ssh-rsa', 3)
const line = (names: string, key: Buffer = KEY): string => `${names} ${keyType(key)} ${key.toString('base64')}`
const hashed = (name: string): string => {
  const salt = Buffer.alloc(20, 9)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

describe('names', () => {
  test.each([
    ['host', 'host', 22],
    ['HOST', 'host', 22],
    ['host', 'Host', 22],
    ['a,host,b', 'host', 22],
    ['*.example.com', 'git.example.com', 22],
    ['h?st', 'host', 22],
    ['*', 'anything', 22],
    ['[host]:2222', 'host', 2222],
    ['[*]:2222', 'host', 2222],
    [hashed('host'), 'host', 22],
    [hashed('[host]:2222'), 'host', 2222],
  ])('%s matches %s port %i', (names, host, port) => {
    expect(new KnownHosts(line(names)).verdict(host, port, KEY)).toBe('known')
  })

  test.each([
    ['host', 'hosts', 22],
    ['host', 'host', 2222],
    ['[host]:2222', 'host', 22],
    ['[host]:22', 'host', 22],
    ['*.example.com', 'example.com', 22],
    ['*.example.com,!git.example.com', 'git.example.com', 22],
    ['!git.example.com,*.example.com', 'git.example.com', 22],
    ['!host', 'other', 22],
    ['h?st', 'hst', 22],
    [hashed('host'), 'other', 22],
    ['|2|x|y', 'host', 22],
    ['|1|x', 'host', 22],
  ])('%s does not match %s port %i', (names, host, port) => {
    expect(new KnownHosts(line(names)).verdict(host, port, KEY)).toBe('unknown')
  })

  test('a pattern matches as an expression of the same meaning does, in short time', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 12 })
    const host = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(text, host, (pattern, name) => {
        fc.pre(pattern !== '')
        const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`)
        expect(new KnownHosts(line(pattern)).verdict(name, 22, KEY) === 'known').toBe(same.test(name))
      }),
    )
    const hosts = new KnownHosts(line(`${'*a'.repeat(200)}b`))
    expect(cpuTime(() => hosts.verdict('a'.repeat(5000), 22, KEY))).toBeLessThan(2_000)
  })
})

describe('keys', () => {
  const verdict = (text: string, key: Buffer): string => new KnownHosts(text).verdict('host', 22, key)

  test.each([
    ['another key of the same type', line('host', OTHER), KEY, 'changed'],
    ['a key of another type only', line('host', RSA), KEY, 'changed'],
    ['one of several keys', `${line('host', RSA)}\n${line('host')}`, KEY, 'known'],
    ['a revoked key', `${line('host')}\n@revoked ${line('*')}`, KEY, 'revoked'],
    ['a revoked key before', `@revoked ${line('host')}\n${line('host')}`, KEY, 'revoked'],
    ['another revoked key', `${line('host')}\n@revoked ${line('*', OTHER)}`, KEY, 'known'],
    ['an authority only', `@cert-authority ${line('host')}`, KEY, 'authority-only'],
    ['an authority besides', `@cert-authority ${line('*', RSA)}\n${line('host')}`, KEY, 'known'],
    ['an unknown marker', `@trust-all ${line('host')}`, KEY, 'unknown'],
    ['a comment', `# ${line('host')}`, KEY, 'unknown'],
    ['a line cut off', 'host ssh-ed25519', KEY, 'unknown'],
    ['a type that the key contradicts', `host ssh-rsa ${KEY.toString('base64')}`, KEY, 'unknown'],
    ['no key', 'host ssh-ed25519 ====', KEY, 'unknown'],
    [
      'tabs, a comment behind, Windows line ends',
      `host\tssh-ed25519\t${KEY.toString('base64')} ann@laptop\r\n`,
      KEY,
      'known',
    ],
    ['nothing', '', KEY, 'unknown'],
  ])('%s', (_what, text, key, expected) => {
    expect(verdict(text, key)).toBe(expected)
  })

  test('any text makes no stranger known', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(verdict(text, KEY)).not.toBe('known')
      }),
    )
  })

  test('types are those of keys that count', () => {
    const text = [line('host', RSA), line('other'), `@revoked ${line('host', OTHER)}`].join('\n')
    expect(new KnownHosts(text).types('host', 22)).toEqual(['ssh-rsa'])
  })
})
