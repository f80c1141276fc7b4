// Shortcuts as text: `mod+shift+z`, `delete`, `.`; `mod` is ⌘ on a Mac and Ctrl elsewhere.

const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '')

const names: Record<string, string> = {
  enter: 'Enter',
  escape: 'Esc',
  delete: 'Del',
  backspace: '⌫',
  tab: 'Tab',
  arrowleft: '←',
  arrowright: '→',
  arrowup: '↑',
  arrowdown: '↓',
}
const macModifiers: Record<string, string> = { mod: '⌘', shift: '⇧', alt: '⌥', ctrl: '⌃' }
const modifiers: Record<string, string> = { mod: 'Ctrl', shift: 'Shift', alt: 'Alt', ctrl: 'Ctrl' }

/** `Ctrl+Shift+Z`, or `⇧⌘Z` on a Mac. */
export function keyWords(keys: string, mac = isMac): string {
  const parts = keys.split('+').map(part => {
    const modifier = (mac ? macModifiers : modifiers)[part]
    return modifier ?? names[part] ?? part.toUpperCase()
  })
  return mac ? parts.join('') : parts.join('+')
}

export type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'
>

/** Whether the key press is this shortcut. Letters are also known by their place on the keyboard. */
export function keysMatch(keys: string, press: KeyPress, mac = isMac): boolean {
  const parts = keys.split('+')
  const key = parts.at(-1)!
  const wants = (modifier: string) => parts.slice(0, -1).includes(modifier)
  const mod = mac ? press.metaKey : press.ctrlKey
  const otherMod = mac ? press.ctrlKey : press.metaKey
  if (mod !== wants('mod') || otherMod || press.altKey !== wants('alt')) return false
  const symbol = !/^[a-z0-9]$|^.{2,}$/.test(key)
  if (!symbol && press.shiftKey !== wants('shift')) return false
  const pressed = press.key.toLowerCase()
  if (pressed === key) return true
  const latin = /^[\x20-\x7e]$/.test(pressed)
  const place = press.code.replace(/^(Key|Digit)/, '').toLowerCase()
  return (!latin || press.altKey || /^\d$/.test(key)) && place === key
}
