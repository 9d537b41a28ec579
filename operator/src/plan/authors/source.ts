/** Where the name of an author may come from, the most certain first. What none of them knows is signed by `commit.author`. */
export const AUTHOR_SOURCES = ['Stamp', 'TrustedAnnotation', 'Audit', 'FieldManager'] as const

export type AuthorSource = (typeof AUTHOR_SOURCES)[number]
