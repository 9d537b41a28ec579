import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CommandError, ProcessError, run, startProcess, withFreePorts } from './index.ts'
import { tail } from './tail.ts'

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    // A zombie answers signals too; it is dead all the same.
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
const gone = (pid: number) => expect.poll(() => alive(pid), { timeout: 5_000, interval: 10 }).toBe(false)

const listen = (port: number) => `require('node:net').createServer().listen(${port}, '127.0.0.1')`

test('ready by a line, by a port, by a probe', async () => {
  const byLine = await startProcess('sh', ['-c', 'echo starting; echo "now ready"; sleep 60'], {
    ready: { line: /^now/ },
  })
  expect(byLine.output()).toBe('starting\nnow ready\n')
  const byPort = await withFreePorts(1, ([port = 0]) =>
    startProcess(process.execPath, ['-e', listen(port)], { ready: { port } }),
  )
  let asked = 0
  const probe = () => {
    asked += 1
    return asked < 2 ? Promise.reject(new Error('not yet')) : Promise.resolve(asked === 3)
  }
  const byProbe = await startProcess('sleep', ['60'], { ready: { probe } })
  expect(asked).toBe(3)
  for (const running of [byLine, byPort, byProbe]) {
    await running.stop()
    expect(alive(running.pid)).toBe(false)
  }
})

test('a process that ends, hangs or does not exist is reported with its output', async () => {
  await expect(startProcess('sh', ['-c', 'echo bad flag >&2; exit 3'], { ready: { line: /ready/ } })).rejects.toThrow(
    'sh ended with code 3 before it was ready\nbad flag',
  )
  const probe = () => Promise.reject(new Error('refused'))
  await expect(
    startProcess('sh', ['-c', 'echo hello; sleep 60'], { name: 'server', ready: { probe }, readyTimeout: 300 }),
  ).rejects.toThrow('server was not ready after 300 ms (Error: refused)\nhello')
  await expect(startProcess('/nowhere/server', [])).rejects.toThrow('/nowhere/server could not be started')
})

test('stop kills what ignores SIGTERM, and children too', async () => {
  const stubborn = await startProcess('sh', ['-c', 'trap "" TERM; sleep 60 & echo child $!; wait; wait'], {
    ready: { line: /^child \d+/ },
  })
  const child = Number(/child (\d+)/.exec(stubborn.output())?.[1])
  await stubborn.stop({ grace: 100 })
  expect((await stubborn.exited).signal).toBe('SIGKILL')
  await gone(child)
})

test('what a process leaves running ends with it', async () => {
  const leaving = await startProcess('sh', ['-c', 'sleep 60 & echo child $!; sleep 0.1'], { ready: { line: /^child/ } })
  expect(await leaving.exited).toEqual({ exitCode: 0, signal: null })
  await gone(Number(/child (\d+)/.exec(leaving.output())?.[1]))
})

test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('nothing outlives a test process ended by %s', async (signal) => {
  const start = fileURLToPath(new URL('start.ts', import.meta.url))
  const script = `import { startProcess } from ${JSON.stringify(start)}
    const running = await startProcess('sleep', ['60'])
    process.stdout.write('pid ' + running.pid + '\\n')
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(line.toString().slice(4))
  expect(alive(pid)).toBe(true)
  parent.kill(signal)
  await gone(pid)
})

test('run gives output, feeds input, and fails with both streams and the code', async () => {
  expect((await run('cat', [], { input: 'hello' })).stdout.toString()).toBe('hello')
  const failure = run('sh', ['-c', 'echo out; echo err >&2; exit 4'])
  await expect(failure).rejects.toMatchObject({ exitCode: 4, stdout: 'out\n', stderr: 'err\n' })
  await expect(failure).rejects.toThrow(/ended with code 4\nerr\nout$/)
  await expect(run('sleep', ['60'], { timeout: 50 })).rejects.toThrow('was killed after 50 ms')
  await expect(run('yes', [], { maxOutput: 1000 })).rejects.toThrow('printed more than 1000 bytes')
  await expect(run('/nowhere', [])).rejects.toBeInstanceOf(CommandError)
  const [PATH, remedy] = ['/nowhere', 'apt-get install gnupg']
  await expect(run('gpgconf', [], { env: { PATH } })).rejects.toThrow(remedy)
  await expect(startProcess('gpgconf', [], { env: { PATH } })).rejects.toThrow(remedy)
})

test('tail keeps the end only', () => {
  const kept = tail(5)
  for (const text of ['abc', 'def', 'g', '', 'hi']) kept.add(Buffer.from(text))
  expect(kept.text()).toBe('efghi')
})

test('a port that was taken in between is replaced by another, other failures are not repeated', async () => {
  const holder = createServer()
  await once(holder.listen(0, '127.0.0.1'), 'listening')
  const taken = (holder.address() as AddressInfo).port
  const tried: number[] = []
  const running = await withFreePorts(1, ([port = 0]) => {
    tried.push(tried.length === 0 ? taken : port)
    return startProcess(
      process.execPath,
      ['-e', `${listen(tried.at(-1) ?? 0)}.on('listening', () => console.log('up'))`],
      {
        ready: { line: /^up/ },
      },
    )
  })
  await running.stop()
  holder.close()
  expect(tried).toHaveLength(2)
  let calls = 0
  const failing = withFreePorts(1, () => {
    calls += 1
    return Promise.reject(new ProcessError('other', 'bad flag'))
  })
  await expect(failing).rejects.toThrow('other')
  expect(calls).toBe(1)
})
