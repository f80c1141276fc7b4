// Who asks, for limits by network address: read where only our platform writes, so that nobody picks
// an address (and with it a fresh allowance) by sending a header.

/** CLIENT_ADDRESS: a header's name, or `x-forwarded-for:<how many proxies of ours append to it>`. */
export const clientAddressPattern = /^(x-forwarded-for:[1-9]|(?!x-forwarded-for)[a-z][a-z0-9-]*)$/

/**
 * @param source what CLIENT_ADDRESS says
 * @returns an IPv4 address, the /64 network of an IPv6 one (a household has all of it), or nothing
 *   where the header is missing or is no single address: whoever wrote it, it was not the platform
 */
export function clientAddress(headers: Headers, source: string): string | undefined {
  const [name = '', hops] = source.split(':')
  const text = headers.get(name)
  if (!text) return undefined
  return network(hops ? (text.split(',').at(-Number(hops))?.trim() ?? '') : text)
}

function network(address: string): string | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return readHost(address)
  if (!/^[0-9a-f:.]+$/i.test(address) || !address.includes(':')) return undefined
  const groups = groupsOf(readHost(`[${address}]`))
  if (!groups) return undefined
  // ::ffff:a.b.c.d is an IPv4 address.
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff')
    return groups
      .slice(6)
      .flatMap(group => [Number(`0x${group}`) >> 8, Number(`0x${group}`) & 0xff])
      .join('.')
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** The one spelling of an address, by the rules of the URL standard. */
function readHost(host: string): string | undefined {
  const url = `http://${host}/`
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

/** All eight groups of an IPv6 address in its one spelling. */
function groupsOf(host: string | undefined): string[] | undefined {
  if (!host) return undefined
  const [head = '', tail] = host.slice(1, -1).split('::')
  const left = head ? head.split(':') : []
  if (tail === undefined) return left
  const right = tail ? tail.split(':') : []
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
}
