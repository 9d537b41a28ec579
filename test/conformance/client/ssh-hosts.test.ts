import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { openRepository } from '@gitsync/protocol'
import type { Repository, RepositoryOptions, RequestRecord, SshOptions } from '@gitsync/protocol'
import type { ServerChannel } from 'ssh2'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SshConnection } from '../../../protocol/src/client/ssh/connection.ts'
import { resolveSshOptions } from '../../../protocol/src/client/ssh/options.ts'
import type { RemoteCommand } from '../../../protocol/src/client/ssh/remote-command.ts'
import { author } from './fixture.ts'
import { FLUSH, packet } from './scripted-server.ts'
import { scriptedSshHost } from './scripted-ssh-host.ts'
import type { ScriptedSshHost } from './scripted-ssh-host.ts'

const oid = 'a'.repeat(40)
const VERSION_2 = Buffer.concat([
  packet('version 2\n'),
  packet('ls-refs=unborn\n'),
  packet('fetch=shallow filter\n'),
  FLUSH,
])
const VERSION_0 = Buffer.concat([packet(`${oid} HEAD\0side-band-64k symref=HEAD:refs/heads/main\n`), FLUSH])

afterEach(() => {
  vi.useRealTimers()
})

function open(host: ScriptedSshHost, ssh: SshOptions = {}, options: RepositoryOptions = {}): Repository {
  const url = `ssh://git@127.0.0.1:${host.port}/team/site.git`
  return openRepository(url, { ...options, ssh: { hostKeys: [host.fingerprint], ...ssh } })
}

function end(channel: ServerChannel, code: number, stderr = ''): void {
  channel.stderr.write(stderr)
  channel.exit(code)
  channel.end()
}

test('a host is not let choose the numbers of the key exchange: to check a large prime takes minutes', async () => {
  const kex = ['diffie-hellman-group-exchange-sha256'] as const
  await using host = await scriptedSshHost((channel) => end(channel, 0), { kex })
  await using repo = open(host)
  await expect(repo.refs()).rejects.toThrow(/no matching key exchange algorithm/)
})

describe('hosts that refuse', () => {
  test.each([
    ['GitHub: unknown', 1, 'ERROR: Repository not found.\nfatal: Could not read\n', 'RepositoryNotFound'],
    ['GitHub: read only', 1, 'ERROR: Permission to team/site.git denied to ann.\n', 'Forbidden'],
    [
      'Gitea: not allowed',
      1,
      '\nGitea: User: 2:ann with Key: 1:k is not authorized to write to team/site.\n',
      'Forbidden',
    ],
    ['a shell without git', 127, 'sh: git-upload-pack: command not found\n', 'NotGit'],
    ['anything else', 1, 'We are \u001b[31mclosed\n', 'ServerError'],
    ['silence', 0, '', 'ServerError'],
  ])('%s', async (_what, code, stderr, expected) => {
    await using host = await scriptedSshHost((channel) => end(channel, code, stderr))
    await using repo = open(host)
    const error: Error = await repo.refs().then(
      () => new Error('no error'),
      (reason: Error) => reason,
    )
    expect(error).toMatchObject({ code: expected })
    expect(error.message).not.toContain('\u001b')
    expect(host.commands).toEqual(["git-upload-pack '/team/site.git'"])
  })

  test('words in place of the advertisement', async () => {
    await using host = await scriptedSshHost((channel) => channel.end(packet('ERR ERROR: Repository not found.\n')))
    await using repo = open(host)
    await expect(repo.refs()).rejects.toMatchObject({ code: 'RepositoryNotFound' })
  })

  test('a login that prints something before Git speaks', async () => {
    await using host = await scriptedSshHost((channel) => {
      channel.write('Welcome to the machine!\n')
      channel.end(VERSION_2)
    })
    await using repo = open(host)
    await expect(repo.refs()).rejects.toMatchObject({
      code: 'NotGit',
      message: expect.stringContaining('Welcome to the machine!'),
    })
  })

  test('a password that is wrong, right, or said back is never shown', async () => {
    const password = 's3cret word'
    await using host = await scriptedSshHost((channel) => end(channel, 1, `you said ${password}\n`), { password })
    await using wrong = open(host, { password: 'other' })
    await expect(wrong.refs()).rejects.toMatchObject({ code: 'Unauthorized' })
    expect(host.commands).toEqual([])
    await using repo = open(host, { password })
    await expect(repo.refs()).rejects.toMatchObject({
      code: 'ServerError',
      message: expect.stringContaining('you said ***'),
    })
  })
})

describe('hosts that break off', () => {
  test.each([
    ['before it says anything', Buffer.alloc(0)],
    ['inside the advertisement', VERSION_2.subarray(0, 30)],
    ['after the question', VERSION_2],
    ['inside the answer', Buffer.concat([VERSION_2, packet(`${oid} HEAD\n`)])],
  ])('a connection cut %s is a network error', async (_what, bytes) => {
    await using host = await scriptedSshHost((channel) => {
      channel.write(bytes, () => setImmediate(() => host.cut()))
    })
    await using repo = open(host)
    await expect(repo.refs()).rejects.toMatchObject({ code: 'Network' })
  })

  test('what is cut before the host speaks is tried again, pushes as well: nothing had been asked', async () => {
    await using host = await scriptedSshHost((channel) => {
      if (host.commands.length % 2 === 1) host.cut()
      else channel.end(VERSION_0)
    })
    const records: RequestRecord[] = []
    const retry = { baseMs: 1 }
    await using repo = open(host, {}, { retry, onRequest: (record) => records.push(record) })
    expect(await repo.writable()).toBe(true)
    expect(records.map(({ operation, attempt, error }) => [operation, attempt, error])).toEqual([
      ['discover', 1, 'Network'],
      ['discover', 2, undefined],
    ])
    await using other = open(host, {}, { retry: false })
    await expect(other.writable()).rejects.toMatchObject({ code: 'Network' })
  })

  test('a command that ends inside the advertisement', async () => {
    await using host = await scriptedSshHost((channel) => channel.end(VERSION_2.subarray(0, 30)))
    await using repo = open(host)
    await expect(repo.refs()).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('a push that is answered by nothing is looked for before it is called lost', async () => {
    await using host = await scriptedSshHost((channel, command) => {
      channel.write(VERSION_0)
      if (command.startsWith('git-receive-pack')) end(channel, 1, 'disk full\n')
      else channel.end()
    })
    await using repo = open(host)
    const [head] = await repo.refs()
    expect(head?.oid).toBe(oid)
    const edit = await repo.edit('main', { create: true })
    edit.put('a', '1')
    await edit.commit({ message: 'm', author })
    await expect(edit.push()).rejects.toMatchObject({
      code: 'ServerError',
      message: expect.stringContaining('disk full'),
    })
    expect(host.commands.map((command) => command.split(' ')[0]).slice(-2)).toEqual([
      'git-receive-pack',
      'git-upload-pack',
    ])
  })
})

describe('hosts of version 0', () => {
  test('calls at the same time each see their own listing, and no later one sees it', async () => {
    let tip = 'a'.repeat(40)
    const second = Promise.withResolvers<void>()
    await using host = await scriptedSshHost((channel) => {
      const greet = (): void => {
        channel.write(Buffer.concat([packet(`${tip} refs/heads/main\0ofs-delta\n`), FLUSH]))
        channel.once('data', () => end(channel, 0))
      }
      if (host.commands.length === 2) void second.promise.then(greet)
      else greet()
    })
    await using repo = open(host, {}, { retry: false })
    const calls = [repo.refs(), repo.refs()]
    await Promise.race(calls)
    second.resolve()
    for (const refs of await Promise.all(calls)) expect(refs).toMatchObject([{ oid: tip }])
    // What a server that speaks first has said is an answer: neither was asked twice.
    expect(host.commands).toHaveLength(2)
    tip = 'b'.repeat(40)
    expect(await repo.refs()).toMatchObject([{ oid: tip }])
  })

  test('the capabilities of a newer one are kept up to a limit', async () => {
    await using host = await scriptedSshHost((channel) => {
      const line = packet(`agent=${'x'.repeat(60_000)}\n`)
      channel.write(Buffer.concat([packet('version 2\n'), ...Array.from({ length: 8 }, () => line), FLUSH]))
    })
    await using repo = open(host, {}, { retry: false })
    await expect(repo.refs()).rejects.toMatchObject({ code: 'Malformed' })
  })
})

describe('hosts that go on and on', () => {
  test('an endless advertisement is cut at the limit', async () => {
    await using host = await scriptedSshHost((channel) => {
      const line = packet(`${oid} refs/heads/${'x'.repeat(1000)}\n`)
      const more = (): void => {
        while (channel.writable && channel.write(line)) continue
        if (channel.writable) channel.once('drain', more)
      }
      more()
    })
    await using repo = open(host, {}, { limits: { maxResponseBytes: 1 << 20 } })
    await expect(repo.refs()).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit: 'maxResponseBytes' } })
    expect(repo.traffic.bytesReceived).toBeLessThan(2 << 20)
  })

  test('endless words for people fill no memory, and end with the request', async () => {
    await using host = await scriptedSshHost((channel) => {
      const more = (): void => {
        if (channel.writable) channel.stderr.write(Buffer.alloc(30_000, 'x'), more)
      }
      more()
    })
    await using repo = open(host, {}, { requestTimeoutMs: 1000 })
    await expect(repo.refs()).rejects.toMatchObject({ code: 'Timeout' })
  })

  test('silence ends with the time of the request', async () => {
    await using host = await scriptedSshHost(() => undefined)
    await using repo = open(host, {}, { requestTimeoutMs: 300 })
    await expect(repo.refs()).rejects.toMatchObject({ code: 'Timeout', details: { limit: 'requestTimeoutMs' } })
  })

  test('silence ends a request whatever its whole time is, and is a failure that may pass', async () => {
    await using host = await scriptedSshHost(() => undefined)
    await using repo = open(host, { timeoutMs: 300 }, { retry: { attempts: 2, baseMs: 0 } })
    await expect(repo.refs()).rejects.toMatchObject({
      code: 'Timeout',
      message: expect.stringMatching(/silent for 300 ms \(ssh\.timeoutMs\)/),
      details: { expected: 300 },
    })
    expect(host.commands.length).toBeGreaterThanOrEqual(2)
  })

  test('an answer that comes slowly is not silent, one that stops is', async () => {
    const slowly = (channel: ServerChannel, [first, ...rest]: readonly Buffer[]): void => {
      if (first === undefined) return
      channel.write(first)
      if (first === FLUSH) end(channel, 0)
      else setTimeout(() => slowly(channel, rest), 200)
    }
    const ends = packet(`${oid} refs/heads/main\n`)
    const answers = [[ends, ends, ends, ends, ends, FLUSH], [ends]]
    await using host = await scriptedSshHost((channel) => {
      channel.write(VERSION_2)
      channel.once('data', () => slowly(channel, answers.shift() ?? []))
    })
    await using repo = open(host, { timeoutMs: 600 }, { retry: false })
    expect(await repo.refs()).toHaveLength(5)
    await expect(repo.refs()).rejects.toMatchObject({ code: 'Timeout', details: { expected: 600 } })
  })

  test('all answers together are capped, whoever asks', async () => {
    await using host = await scriptedSshHost((channel) => {
      channel.write(VERSION_2)
      channel.once('data', () => {
        channel.write(Buffer.concat([packet(`${oid} refs/heads/main\n`), FLUSH]))
        end(channel, 0)
      })
    })
    const maxTotalBytes = 2 * (VERSION_2.length + 70)
    await using repo = open(host, {}, { limits: { maxTotalBytes } })
    await repo.refs()
    await repo.with({ signal: new AbortController().signal }).refs()
    await expect(repo.refs()).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxTotalBytes', expected: maxTotalBytes },
    })
  })

  test('a host that never gets to the login ends with the time for that', async () => {
    const server = createServer(() => undefined)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      await using repo = openRepository(`ssh://git@127.0.0.1:${port}/x`, {
        ssh: { hostKeys: [], connectTimeoutMs: 300 },
      })
      await expect(repo.refs()).rejects.toMatchObject({ code: 'Timeout', details: { limit: 'ssh.connectTimeoutMs' } })
    } finally {
      server.close()
    }
  })
})

test.each([
  ['maxChannels', 0],
  ['connectTimeoutMs', 1.5],
  ['idleTimeoutMs', -1],
  ['keepAliveMs', Number.NaN],
  ['hostKeys', ['MD5:00']],
  // Taken for a text it would make nothing known.
  ['knownHosts', '/home/ann/.ssh/known_hosts'],
  ['knownHosts', ['/home/ann/.ssh/known_hosts']],
])('ssh.%s: %o is refused by name', (field, value) => {
  expect(() => openRepository('git@host:x', { ssh: { [field]: value } })).toThrowError(
    expect.objectContaining({ code: 'InvalidInput', details: expect.objectContaining({ field: `ssh.${field}` }) }),
  )
})

test('a host that does not answer the opening of a channel keeps no place: the next command opens another connection', async () => {
  let silent = true
  await using host = await scriptedSshHost((channel) => answer(channel), { isSilent: () => silent })
  const answer = (channel: ServerChannel): void => {
    channel.write(VERSION_2)
    channel.once('data', () => {
      channel.write(FLUSH)
      end(channel, 0)
    })
  }
  await using repo = open(host, { maxChannels: 1 }, { requestTimeoutMs: 2_500, retry: false })
  await expect(repo.refs()).rejects.toMatchObject({ code: 'Timeout' })
  silent = false
  expect(await repo.refs()).toEqual([])
  expect(host.connections).toBe(2)
})

describe('one connection', () => {
  const start = (host: ScriptedSshHost, ssh: SshOptions = {}): SshConnection => {
    const address = { user: 'git', host: '127.0.0.1', port: host.port, path: '/x' }
    return new SshConnection(address, resolveSshOptions({ hostKeys: [host.fingerprint], ...ssh }))
  }
  const run = (connection: SshConnection): Promise<RemoteCommand> =>
    connection.run('git-upload-pack', {}, new AbortController().signal)
  const finish = async (command: RemoteCommand): Promise<void> => {
    for await (const _chunk of command.output) continue
    await command.end
  }

  test('serves one command after the other, and ends when it is idle', async () => {
    await using host = await scriptedSshHost((channel) => end(channel, 0))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const connection = start(host)
    for (let i = 0; i < 3; i++) {
      const command = await run(connection)
      await finish(command)
      // Nothing is left to be given up.
      command.abandon()
      vi.advanceTimersByTime(59_000)
    }
    expect(host.connections).toBe(1)
    vi.advanceTimersByTime(1_000)
    await finish(await run(connection))
    expect(host.connections).toBe(2)
    await connection.close()
  })

  test('stays when a command is given up in the moment of its end', async () => {
    const read = Promise.withResolvers<void>()
    await using host = await scriptedSshHost((channel) => {
      channel.exit(0)
      channel.eof()
      void read.promise.then(() => channel.close())
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const connection = start(host)
    const command = await run(connection)
    for await (const _chunk of command.output) continue
    read.resolve()
    await command.end
    command.abandon()
    vi.advanceTimersByTime(10_000)
    await finish(await run(connection))
    expect(host.connections).toBe(1)
    await connection.close()
  })

  test('is cut when the host does not read what is left', async () => {
    await using host = await scriptedSshHost(() => undefined)
    const connection = start(host)
    const commands = await Promise.all(Array.from({ length: 8 }, () => run(connection)))
    host.stall()
    // More than what the machine takes in between.
    for (const command of commands) void command.write([Buffer.alloc(4 << 20)])
    await connection.close()
    for (const command of commands) await expect(finish(command)).rejects.toMatchObject({ code: 'Network' })
  })

  test('is left to a command that does not end when it is given up, and another serves the rest', async () => {
    await using host = await scriptedSshHost((channel) => {
      if (host.commands.length > 1) end(channel, 0)
      // It never says that the channel is closed.
      else (channel as unknown as { outgoing: { state: string } }).outgoing.state = 'stuck'
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const connection = start(host, { maxChannels: 1 })
    const stuck = await run(connection)
    stuck.abandon()
    const next = run(connection)
    vi.advanceTimersByTime(5_000)
    await finish(await next)
    expect(host.connections).toBe(2)
    await connection.close()
  })
})
