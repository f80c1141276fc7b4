// Which room is shown and which panels are folded. The room is in the address, so that a link or
// the back button leads there; folds are remembered.
import { create } from 'zustand'

export const rooms = ['editor', 'gallery', 'models', 'account', 'settings'] as const
export type Room = (typeof rooms)[number]

interface Ui {
  room: Room
  inspector: boolean
  queueStrip: boolean
  focus: boolean
  minimap: boolean
  commandPalette: boolean
  /** The list of shortcuts is open. */
  shortcuts: boolean
}

const storageKey = 'comfyrunner.folds'
const roomInAddress = (): Room => rooms.find(room => location.hash === `#/${room}`) ?? 'editor'

function rememberedFolds(): Partial<Ui> {
  try {
    const folds = JSON.parse(localStorage.getItem(storageKey) ?? '{}')
    return Object.fromEntries(
      ['inspector', 'queueStrip', 'minimap']
        .filter(name => typeof folds[name] === 'boolean')
        .map(name => [name, folds[name]]),
    )
  } catch {
    return {}
  }
}

export const useUi = create<Ui>(() => ({
  room: roomInAddress(),
  inspector: innerWidth >= 1440,
  queueStrip: true,
  focus: false,
  minimap: true,
  commandPalette: false,
  shortcuts: false,
  ...rememberedFolds(),
}))

export function showRoom(room: Room) {
  useUi.setState({ room, focus: false })
  if (roomInAddress() !== room) history.pushState(null, '', `#/${room}`)
}

export const toggleFold = (fold: 'inspector' | 'queueStrip' | 'minimap' | 'focus') =>
  useUi.setState(state => ({ [fold]: !state[fold] }))

export const showCommandPalette = (commandPalette: boolean) => useUi.setState({ commandPalette })

/** Keeps address and storage in step; call once. */
export function followUi() {
  const follow = () => useUi.setState({ room: roomInAddress() })
  addEventListener('popstate', follow)
  addEventListener('hashchange', follow)
  useUi.subscribe(({ inspector, queueStrip, minimap }) => {
    try {
      localStorage.setItem(storageKey, JSON.stringify({ inspector, queueStrip, minimap }))
    } catch {
      // A full or forbidden storage costs only the memory of folds.
    }
  })
}
