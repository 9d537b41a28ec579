/** A count and what is counted, with its verb where it has one: `1 file is`, `2 files are`. */
export const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`
