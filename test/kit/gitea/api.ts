/** Asks Gitea's REST API. Throws, with the answer, unless that is a success; an empty answer gives null. */
export async function callApi(
  url: string,
  token: string,
  method: string,
  path: string,
  body: unknown,
): Promise<unknown> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`Gitea answers ${answer.status} to ${method} ${path}: ${text.slice(0, 1000)}`)
  return text === '' ? null : (JSON.parse(text) as unknown)
}
