/** What happens to files that are not, or no longer, what the cluster holds. */
import { z } from 'zod'

export const folderFields = {
  prune: z
    .enum(['Owned', 'Observed', 'Never', 'Always'])
    .meta({
      description:
        'When the file of a deleted object is removed. Observed: when the deletion was seen. Owned: also after a restart, for files this GitSync has written. Never: not at all. Always: and anything else in the folder goes too.',
    })
    .default('Owned'),
  onDrift: z
    .enum(['Overwrite', 'Adopt', 'Stall'])
    .meta({
      description:
        "What to do when somebody else has changed a file of this GitSync in Git. Overwrite: write the object's content back. Adopt: leave the file until the object changes again. Stall: write nothing more until somebody decides.",
    })
    .default('Overwrite'),
  deletionPolicy: z
    .enum(['Keep', 'Remove'])
    .meta({
      description:
        'What happens to the files when the GitSync is deleted or gets another branch or path. Keep: they stay. Remove: they are removed first.',
    })
    .default('Keep'),
}

export const driftSchema = z
  .object({
    outcome: z
      .enum(['Overwritten', 'Adopted', 'Stalled'])
      .meta({ description: 'What was done about them; see spec.onDrift.' }),
    time: z.string().meta({
      description: 'When they were written over, or made where they were not.',
      format: 'date-time',
    }),
    files: z.int32().min(0).meta({ description: 'How many files.' }),
    commit: z
      .string()
      .max(64)
      .meta({ description: 'One of the commits that made them, where it is known.' })
      .optional(),
  })
  .meta({ description: 'Changes in Git by somebody else that were found last.' })
