// Short notices in a corner: what happened, and at most one thing to do about it.
import { create } from 'zustand'

export interface Toast {
  id: number
  kind: 'info' | 'good' | 'error'
  text: string
  action?: { label: string; perform: () => void }
}

const most = 4
const stayMs = { info: 6000, good: 4000, error: 12_000 }
let lastId = 0

export const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }))

export const dismissToast = (id: number) =>
  useToasts.setState(state => ({ toasts: state.toasts.filter(toast => toast.id !== id) }))

export function toast(text: string, options: Partial<Pick<Toast, 'kind' | 'action'>> = {}): number {
  const id = ++lastId
  const next: Toast = { id, text, kind: options.kind ?? 'info', action: options.action }
  useToasts.setState(state => ({
    toasts: [...state.toasts.filter(old => old.text !== text), next].slice(-most),
  }))
  setTimeout(() => dismissToast(id), stayMs[next.kind] * (next.action ? 1.5 : 1))
  return id
}

export const toastError = (text: string, action?: Toast['action']) =>
  toast(text, { kind: 'error', action })
