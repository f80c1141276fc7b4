import { expect, test, vi } from 'vitest'

// The stores look at the page while they load.
vi.stubGlobal('location', { hash: '', protocol: 'http:' })
vi.stubGlobal('innerWidth', 1280)
vi.stubGlobal('localStorage', { getItem: () => null })
vi.stubGlobal('matchMedia', () => ({ matches: false }))

const { command, commands } = await import('./registry.ts')

test('no two commands share a shortcut', () => {
  const owners = new Map<string, string>()
  for (const { id, keys = [] } of commands) {
    for (const key of keys) {
      expect(owners.get(key), `${key} of ${id}`).toBeUndefined()
      owners.set(key, id)
    }
  }
  expect(owners.size).toBeGreaterThan(20)
})

test('every shortcut is spelled so that it can be matched', () => {
  for (const { keys = [] } of commands) {
    for (const key of keys) expect(key).toMatch(/^(mod\+|shift\+|alt\+)*([a-z]+|[0-9=.?-])$/)
  }
})

test('a command is found by its id, and a wrong id is told', () => {
  expect(command('undo').label).toBe('Undo')
  expect(() => command('undoo')).toThrow('undoo')
})
