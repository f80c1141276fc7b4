// The user's settings, and small facts kept under a key. No secrets: those go to the keychain.
import type { Settings } from '../api/contract.ts'
import type { Db } from './database.ts'

const defaultSettings: Settings = {
  theme: 'system',
  offline: false,
  previews: true,
  memoryBudgetMb: 0,
  precision: 'exact',
  modelDirs: [],
  provider: 'auto',
}

export function settingsStore(db: Db) {
  const get = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck()
  const set = db.prepare(
    `INSERT INTO settings (key, value) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  )
  const read = <T>(key: string): T | undefined => {
    const text = get.get(key)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }
  const write = (key: string, value: unknown): void => void set.run(key, JSON.stringify(value))

  const all = (): Settings => ({ ...defaultSettings, ...read<Partial<Settings>>('app') })
  return {
    all,
    change(part: Partial<Settings>): Settings {
      const next = { ...all(), ...part }
      write('app', next)
      return next
    },
    /** Facts of the account that are no secrets: this device's id, what was last heard. */
    account: <T>(key: string): T | undefined => read(`account.${key}`),
    setAccount: (key: string, value: unknown): void => write(`account.${key}`, value),
    /** ComfyUI's frontend keeps its own settings here, as it would in `comfy.settings.json`. */
    comfy: (): Record<string, unknown> => read('comfy') ?? {},
    setComfy: (values: Record<string, unknown>): void => write('comfy', values),
  }
}
