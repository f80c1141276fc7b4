// The engine's state in plain words, and the settings.
import { create } from 'zustand'
import type { Settings, SystemInfo } from '../../../engine/api/contract.ts'
import { host, reason } from '../host/connection.ts'
import { toastError } from './toasts.ts'

interface System {
  info?: SystemInfo
  settings?: Settings
}

export const useSystem = create<System>(() => ({}))

export async function loadSystem() {
  try {
    const [info, settings] = await Promise.all([host.system.info(), host.system.settings()])
    useSystem.setState({ info, settings })
  } catch (error) {
    toastError(`The settings did not arrive. ${reason(error)}`)
  }
}

/** Shows the change at once and takes it back, with words, when the host refuses. */
export async function changeSettings(change: Partial<Settings>) {
  const before = useSystem.getState().settings
  if (before) useSystem.setState({ settings: { ...before, ...change } })
  try {
    useSystem.setState({ settings: await host.system.change(change) })
  } catch (error) {
    useSystem.setState({ settings: before })
    toastError(`The setting was not kept. ${reason(error)}`)
  }
}

const systemIsLight = matchMedia('(prefers-color-scheme: light)')

function applyTheme() {
  const chosen = useSystem.getState().settings?.theme ?? 'system'
  const theme = chosen === 'system' ? (systemIsLight.matches ? 'light' : 'dark') : chosen
  document.documentElement.dataset.theme = theme
}

/** Follows the setting, and the system when the setting says so; call once. */
export function followTheme() {
  applyTheme()
  useSystem.subscribe(applyTheme)
  systemIsLight.addEventListener('change', applyTheme)
}
