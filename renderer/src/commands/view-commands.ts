import { useAccount } from '../stores/account.ts'
import { changeSettings, useSystem } from '../stores/system.ts'
import { activeTab } from '../stores/tabs.ts'
import { type Room, showCommandPalette, showRoom, toggleFold, useUi } from '../stores/ui.ts'
import type { Command } from './command.ts'

const hasAccounts = () => useAccount.getState().account?.available === true

const inEditor = () => useUi.getState().room === 'editor' && activeTab() !== undefined

const room = (name: Room, label: string, key: string): Command => ({
  id: `room-${name}`,
  label,
  group: 'Go to',
  keys: [key],
  inText: true,
  perform: () => showRoom(name),
})

export const viewCommands: Command[] = [
  {
    id: 'command-palette',
    label: 'Find a command',
    group: 'View',
    keys: ['mod+k'],
    inText: true,
    hidden: true,
    perform: () => showCommandPalette(!useUi.getState().commandPalette),
  },
  {
    id: 'shortcuts',
    label: 'Keyboard shortcuts',
    group: 'View',
    keys: ['?'],
    perform: () => useUi.setState(({ shortcuts }) => ({ shortcuts: !shortcuts })),
  },
  {
    id: 'toggle-inspector',
    label: 'Inspector',
    group: 'View',
    keys: ['i'],
    when: inEditor,
    perform: () => toggleFold('inspector'),
  },
  {
    id: 'toggle-queue',
    label: 'Queue strip',
    group: 'View',
    keys: ['q'],
    perform: () => toggleFold('queueStrip'),
  },
  {
    id: 'toggle-focus',
    label: 'Focus on the canvas',
    group: 'View',
    keys: ['f'],
    when: inEditor,
    perform: () => toggleFold('focus'),
  },
  {
    id: 'toggle-minimap',
    label: 'Map of the workflow',
    group: 'View',
    keys: ['m'],
    when: inEditor,
    perform: () => toggleFold('minimap'),
  },
  {
    id: 'theme-dark',
    label: 'Dark theme',
    group: 'View',
    when: () => useSystem.getState().settings?.theme !== 'dark',
    perform: () => changeSettings({ theme: 'dark' }),
  },
  {
    id: 'theme-light',
    label: 'Light theme',
    group: 'View',
    when: () => useSystem.getState().settings?.theme !== 'light',
    perform: () => changeSettings({ theme: 'light' }),
  },
  {
    id: 'theme-system',
    label: 'Theme of the system',
    group: 'View',
    when: () => useSystem.getState().settings?.theme !== 'system',
    perform: () => changeSettings({ theme: 'system' }),
  },
  room('editor', 'Editor', 'alt+1'),
  room('gallery', 'Gallery', 'alt+2'),
  room('models', 'Models', 'alt+3'),
  room('settings', 'Settings', 'alt+4'),
  { ...room('account', 'Account', 'alt+5'), when: hasAccounts },
]
