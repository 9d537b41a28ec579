import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Shows a kubectl command, runs it, and gives what it printed. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>

/** The kubectl of this machine; undefined when there is none. */
export async function findKubectl(): Promise<string | undefined> {
  const program = process.env['KUBECTL'] ?? 'kubectl'
  try {
    await run(program, ['version', '--client'])
    return program
  } catch {
    return undefined
  }
}

export function kubectlWith(program: string, kubeconfig: string | undefined, show: (line: string) => void): Kubectl {
  return async (args, input) => {
    show(`$ kubectl ${args.map(quoted).join(' ')}${input === undefined ? '' : ' <<EOF …'}`)
    const env = kubeconfig === undefined ? process.env : { ...process.env, KUBECONFIG: kubeconfig }
    const running = run(program, [...args], { env, maxBuffer: 16 << 20 })
    running.child.stdin?.end(input ?? '')
    const { stdout } = await running
    for (const line of stdout.trimEnd().split('\n')) if (line !== '') show(`  ${line}`)
    return stdout
  }
}

const quoted = (text: string): string => (/[\s{}"']/.test(text) ? `'${text}'` : text)
