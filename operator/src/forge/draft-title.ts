/** By which Gitea and GitLab know a draft. */
const MARK = /^(?:wip:|\[wip\]|draft:|\[draft\]|\(draft\))\s*/i

/** A title without the words that mark a draft. */
export const plainTitle = (title: string): string => title.replace(MARK, '')

/** @param mark of this host, with the space behind it */
export const draftTitle = (mark: string, title: string, isDraft: boolean): string =>
  isDraft ? `${mark}${plainTitle(title)}` : plainTitle(title)
