import { Boxes, CircleUser, Images, type LucideIcon, Settings, Workflow } from 'lucide-react'
import { useAccount } from '../stores/account.ts'
import { type Room, showRoom, useUi } from '../stores/ui.ts'
import { cx } from '../ui/class-names.ts'
import { Tooltip } from '../ui/tooltip.tsx'

const places: { room: Room; label: string; icon: LucideIcon; keys: string }[] = [
  { room: 'editor', label: 'Editor', icon: Workflow, keys: 'alt+1' },
  { room: 'gallery', label: 'Gallery', icon: Images, keys: 'alt+2' },
  { room: 'models', label: 'Models', icon: Boxes, keys: 'alt+3' },
]

export function Rail() {
  const account = useAccount(state => state.account?.available)
  return (
    <nav
      aria-label="Rooms"
      className="flex w-12 shrink-0 flex-col items-center gap-1 border-r border-line bg-panel py-2"
    >
      {places.map(place => (
        <RailButton key={place.room} {...place} />
      ))}
      <div className="flex-1" />
      {account && <RailButton room="account" label="Account" icon={CircleUser} keys="alt+5" />}
      <RailButton room="settings" label="Settings" icon={Settings} keys="alt+4" />
    </nav>
  )
}

function RailButton({ room, label, icon: Icon, keys }: (typeof places)[number]) {
  const here = useUi(state => state.room === room)
  return (
    <Tooltip text={label} keys={keys} side="right">
      <button
        type="button"
        data-testid={`room-${room}`}
        aria-label={label}
        aria-current={here ? 'page' : undefined}
        className={cx(
          'grid size-9 place-items-center rounded-[8px] transition-colors',
          here ? 'bg-accent-soft text-accent-text' : 'text-faint hover:bg-field hover:text-ink',
        )}
        onClick={() => showRoom(room)}
      >
        <Icon size={18} aria-hidden />
      </button>
    </Tooltip>
  )
}
