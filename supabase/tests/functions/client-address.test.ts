import { expect, test } from 'vitest'
import { clientAddress } from '../../functions/_shared/client-address.ts'

const addressIn = (headers: Record<string, string>, source = 'cf-connecting-ip') =>
  clientAddress(new Headers(headers), source)

const addresses: [string, string | undefined][] = [
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['999.1.1.1', undefined],
  ['203.0.113.7, 198.51.100.1', undefined],
  ['unknown', undefined],
  ['203.0.113.7:443', undefined],
  ['[::1]:80', undefined],
  [':::', undefined],
  ['1::2::3', undefined],
  ['0x7f.1', undefined],
  ['a/../b', undefined],
]
test.each(addresses)('%s is %s', (text, expected) => {
  expect(addressIn({ 'cf-connecting-ip': text })).toBe(expected)
})

test('a header that the platform did not write is nobody’s address', () => {
  expect(addressIn({ 'x-forwarded-for': '203.0.113.7', 'x-real-ip': '203.0.113.7' })).toBe(
    undefined,
  )
})

test('behind proxies of ours, the one that the first of them saw', () => {
  const chain = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7,10.0.0.1' }
  expect(addressIn(chain, 'x-forwarded-for:2')).toBe('203.0.113.7')
  expect(addressIn(chain, 'x-forwarded-for:1')).toBe('10.0.0.1')
  // Fewer than there are proxies: it did not come through them.
  expect(addressIn(chain, 'x-forwarded-for:4')).toBe(undefined)
  expect(addressIn({}, 'x-forwarded-for:1')).toBe(undefined)
})
