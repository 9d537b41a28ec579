/**
 * Settings of a site that listens on loopback alone and sends no mail, beside those of its initialisation.
 *
 * Source: Gerrit's documentation, "Configuration".
 */
export const siteConfig = (url: string): readonly (readonly [key: string, value: string])[] => [
  ['gerrit.canonicalWebUrl', `${url}/`],
  ['httpd.listenUrl', `${url}/`],
  ['sshd.listenAddress', 'off'],
  ['sendemail.enable', 'false'],
  ['index.scheduledIndexer.enabled', 'false'],
]
