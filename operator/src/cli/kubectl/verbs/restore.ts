import { addConnectionOptions, write } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { mergePatch, pointersOf } from '../../../kube/status.ts'
import type { KubernetesObject } from '../../../objects/object.ts'
import { addClusterOptions, FIELD_MANAGER } from '../../common/cluster.ts'
import { CommandFailure } from '../../common/command-failure.ts'
import { printable } from '../../common/output.ts'
import { addObjectArgument } from '../../common/object-argument.ts'
import type { Verb } from '../../common/program.ts'
import { confirm } from '../confirm.ts'
import { withTarget } from '../target.ts'
import type { GitFlags, Target } from '../target.ts'
import type { Folder } from '../with-folder.ts'

interface Flags extends GitFlags {
  readonly dryRun: 'none' | 'client' | 'server'
  readonly forceConflicts?: boolean
  readonly exact?: boolean
  readonly yes?: boolean
}

export const restore: Verb = {
  name: 'restore',
  examples: [
    'kubectl gitsync restore shop configmap/settings@~1',
    'kubectl gitsync restore shop deployment/web@4f2a9c1 --dry-run=server',
    'kubectl gitsync restore shop configmap/settings@~1 --exact --yes',
  ],
  define(command, io) {
    addConnectionOptions(addClusterOptions(command)).argument('<name>', 'GitSync')
    addObjectArgument(
      command,
      '<version>',
      'OBJECT@REV: a commit id or its beginning, a tag, or ~1 for the version before the newest',
    )
      .description('Apply an old version of an object to the cluster, on the server side, after showing what changes')
      .addOption(
        command
          .createOption('--dry-run <mode>', 'only show what would change: as the server says, or by the files alone')
          .choices(['none', 'server', 'client'])
          .default('none'),
      )
      .option(
        '--force-conflicts',
        'with --yes: take over fields that another manager owns (otherwise you are told, and asked)',
      )
      .option('--exact', 'also remove what others have added since, and restore lists as a whole')
      .option('-y, --yes', 'do not ask')
      .action(async (name: string, version: string, flags: Flags) => {
        if (!/.@./.test(version)) {
          throw new CommandFailure(
            'usage',
            version.startsWith('@')
              ? `${JSON.stringify(version)} names no object: write one before the @, such as configmap/settings@~1`
              : `${JSON.stringify(version)} names no version: write ${version.replace(/@$/, '')}@~1 for the one before`,
          )
        }
        await withTarget(name, flags, io, async (target) => {
          const { withFolder } = await import('../with-folder.ts')
          await withFolder(target, { flags, io }, (folder) => restoreVersion(version, { target, folder, flags, io }))
        })
      })
  },
}

interface Restoring {
  readonly target: Target
  readonly folder: Folder
  readonly flags: Flags
  readonly io: Io
}

async function restoreVersion(text: string, { target, folder, flags, io }: Restoring): Promise<void> {
  const [{ readVersion }, restoring, { readObjects }, { patchOf }] = await Promise.all([
    import('../version-of.ts'),
    import('../restore-object.ts'),
    import('../read-file.ts'),
    import('../patches.ts'),
  ])
  const { cluster, notes } = target
  const { resolved } = folder
  const version = await readVersion(text, folder, cluster)
  const wanted = await restoring.restorable(version, folder, cluster)
  const { object, resource, live } = wanted
  const named = { resource, namespace: object.metadata.namespace, name: object.metadata.name }
  const title = printable(`${resource.plural}${resource.group === '' ? '' : `.${resource.group}`}/${named.name}`)
  let force = flags.forceConflicts ?? false
  const render = (one: KubernetesObject): Promise<Uint8Array> => restoring.render(resolved, one, named)
  const asFile = (bytes: Uint8Array): KubernetesObject => readObjects(bytes, version.path)[0] as KubernetesObject

  const before = live === undefined ? undefined : await render(live)
  const after =
    flags.dryRun === 'client'
      ? object
      : await restoring.apply(cluster, wanted, { dryRun: true, force }).catch((error: unknown) => {
          // Who is shown the change and asked decides about this too; a script has to say so beforehand.
          if (!(error instanceof restoring.OwnedByOthers) || (flags.yes === true && flags.dryRun === 'none'))
            throw error
          notes(error.message.replace(/; --force-conflicts .*$/s, ''))
          force = true
          return restoring.apply(cluster, wanted, { dryRun: true, force })
        })
  const applied = await render(after)
  const removal = mergePatch(asFile(applied), object)
  if (removal !== undefined) {
    const places = pointersOf(removal).join(', ')
    notes(
      flags.exact === true
        ? `made as it was, though others own it: ${places}`
        : `stays as it is, since others own it: ${places} (--exact makes it as it was)`,
    )
  }
  const isSame = before !== undefined && Buffer.from(before).equals(Buffer.from(applied))
  if (isSame && (removal === undefined || flags.exact !== true)) {
    await write(
      io.stdout,
      `${title} is as it was at ${version.commit} already${removal === undefined ? '' : ', but for what stays'}\n`,
    )
    return
  }
  await write(io.stdout, patchOf({ path: version.path, bytes: applied }, before))
  if (flags.dryRun !== 'none') {
    await write(io.stdout, `${title} would be restored (${flags.dryRun} dry run)\n`)
    return
  }
  if (flags.yes !== true && !(await confirm(`Restore ${title} as of ${version.commit}?`, io))) {
    await write(io.stdout, `${title} is left as it is\n`)
    return
  }
  const done = await restoring.apply(cluster, wanted, { dryRun: false, force })
  if (flags.exact === true && removal !== undefined) {
    const { resourceVersion } = done.metadata
    const patch = { ...removal, metadata: { ...(removal['metadata'] as object | undefined), resourceVersion } }
    const query = { fieldManager: FIELD_MANAGER }
    await cluster.client.mergePatch(resource, named.namespace, named.name, patch, { query })
  }
  await write(io.stdout, `${title} restored as of ${version.commit}\n`)
}
