// Ways in. Nothing here is needed to make pictures, and the page says so.
import { Mail } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { Account } from '../../../../engine/api/contract-account.ts'
import { host } from '../../host/connection.ts'
import { Button } from '../../ui/button.tsx'
import { Ring } from '../../ui/ring.tsx'
import { CodeField, Field, openInBrowser, Said, Submit, useTask } from './account-parts.tsx'

type Way = 'in' | 'new' | 'forgotten' | 'reset'

export function SignIn({ account }: { account: Account }) {
  const [way, setWay] = useState<Way>('in')
  const [email, setEmail] = useState(account.details?.email ?? '')
  if (account.unverified) return <Verify email={account.unverified} leave={() => setWay('in')} />
  if (account.browser) return <InBrowser />
  const shared = { email, setEmail, go: setWay }
  if (way === 'forgotten') return <Forgotten {...shared} />
  if (way === 'reset') return <Reset {...shared} />
  return <Enter {...shared} fresh={way === 'new'} />
}

interface WayProps {
  email: string
  setEmail: (email: string) => void
  go: (way: Way) => void
}

const Sheet = ({
  title,
  about,
  children,
}: {
  title: string
  about: ReactNode
  children: ReactNode
}) => (
  <section
    data-testid="sign-in"
    className="mx-auto mt-4 w-full max-w-[400px] rounded-card border border-line bg-card p-6"
  >
    <h2 className="text-[17px] font-semibold">{title}</h2>
    <p className="mt-1 text-soft">{about}</p>
    <div className="mt-5 flex flex-col gap-3">{children}</div>
  </section>
)

const submitting = (work: () => Promise<unknown>) => (event: FormEvent) => {
  event.preventDefault()
  void work()
}

const Email = ({ email, setEmail }: Pick<WayProps, 'email' | 'setEmail'>) => (
  <Field
    label="E-mail address"
    type="email"
    name="email"
    autoComplete="email"
    required
    value={email}
    onChange={setEmail}
  />
)

function Enter({ email, setEmail, go, fresh }: WayProps & { fresh: boolean }) {
  const [password, setPassword] = useState('')
  const task = useTask()
  const google = useTask()
  const enter = () =>
    task.run(() =>
      fresh ? host.account.signUp({ email, password }) : host.account.signIn({ email, password }),
    )
  return (
    <Sheet
      title={fresh ? 'Create an account' : 'Sign in'}
      about="For subscriptions, and for workflows you choose to save to your account. Making pictures on this machine needs none, and nothing of them is sent."
    >
      <Button
        className="h-8! w-full"
        disabled={google.busy}
        onClick={() =>
          google.run(async () => openInBrowser((await host.account.signInWithGoogle()).url))
        }
      >
        {google.busy && <Ring size={12} />}
        Continue with Google
      </Button>
      <Said>{google.said}</Said>
      <div className="flex items-center gap-3 text-xs text-faint">
        <span className="h-px flex-1 bg-line" />
        or
        <span className="h-px flex-1 bg-line" />
      </div>
      <form className="flex flex-col gap-3" onSubmit={submitting(enter)}>
        <Email email={email} setEmail={setEmail} />
        <Field
          label="Password"
          type="password"
          name="password"
          autoComplete={fresh ? 'new-password' : 'current-password'}
          required
          minLength={fresh ? 8 : 1}
          hint={fresh ? 'At least 8 characters.' : undefined}
          value={password}
          onChange={setPassword}
        />
        <Said>{task.said}</Said>
        <Submit task={task} className="h-8! w-full">
          {fresh ? 'Create account' : 'Sign in'}
        </Submit>
      </form>
      <div className="flex justify-between">
        <Button look="plain" onClick={() => go(fresh ? 'in' : 'new')}>
          {fresh ? 'I have an account' : 'Create an account'}
        </Button>
        {!fresh && (
          <Button look="plain" onClick={() => go('forgotten')}>
            Forgot the password
          </Button>
        )}
      </div>
    </Sheet>
  )
}

/** Waits for the mail to be read, here or on another device; the code does it at once. */
function Verify({ email, leave }: { email: string; leave: () => void }) {
  const [code, setCode] = useState('')
  const [sent, setSent] = useState(false)
  const task = useTask()
  const again = useTask()
  return (
    <Sheet
      title="Look into your mailbox"
      about={
        <>
          A mail is on its way to <b className="selectable text-ink">{email}</b>. Open its link on
          any device, or enter its code here.
        </>
      }
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={submitting(() => task.run(() => host.account.verify({ email, code })))}
      >
        <CodeField code={code} setCode={setCode} />
        <Said>{task.said}</Said>
        <Submit task={task} disabled={code.trim().length < 6} className="h-8! w-full">
          Go on
        </Submit>
      </form>
      <div className="flex items-center justify-between">
        <Button
          look="plain"
          disabled={again.busy}
          onClick={async () =>
            setSent(await again.run(() => host.account.resendVerification({ email })))
          }
        >
          <Mail size={13} aria-hidden />
          {sent ? 'Sent again' : 'Send it again'}
        </Button>
        <Button
          look="plain"
          onClick={() => {
            leave()
            void host.account.signOut({ everywhere: false })
          }}
        >
          Sign in instead
        </Button>
      </div>
      <Said>{again.said}</Said>
      <p className="text-xs text-faint">
        No mail? Look among the unwanted ones. None comes when this address has an account already:
        then sign in instead.
      </p>
    </Sheet>
  )
}

const InBrowser = () => (
  <Sheet
    title="Go on in your browser"
    about="Sign in with Google there; this page follows by itself."
  >
    <div className="flex items-center gap-3 text-soft" role="status">
      <Ring size={14} />
      Waiting for the browser
    </div>
    <Button onClick={() => void host.account.cancelBrowser()}>Cancel</Button>
  </Sheet>
)

function Forgotten({ email, setEmail, go }: WayProps) {
  const task = useTask()
  const ask = async () => {
    if (await task.run(() => host.account.requestReset({ email }))) go('reset')
  }
  return (
    <Sheet title="Forgot the password" about="A code comes by mail; with it you choose a new one.">
      <form className="flex flex-col gap-3" onSubmit={submitting(ask)}>
        <Email email={email} setEmail={setEmail} />
        <Said>{task.said}</Said>
        <Submit task={task} className="h-8! w-full">
          Send the code
        </Submit>
      </form>
      <Button look="plain" className="self-start" onClick={() => go('in')}>
        Back
      </Button>
    </Sheet>
  )
}

function Reset({ email, go }: WayProps) {
  const [code, setCode] = useState('')
  const [password, setPassword] = useState('')
  const task = useTask()
  return (
    <Sheet
      title="A new password"
      about={
        <>
          If <b className="selectable text-ink">{email}</b> has an account, a mail with a code is on
          its way.
        </>
      }
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={submitting(() => task.run(() => host.account.reset({ email, code, password })))}
      >
        <CodeField code={code} setCode={setCode} />
        <Field
          label="New password"
          type="password"
          autoComplete="new-password"
          minLength={8}
          required
          value={password}
          onChange={setPassword}
        />
        <Said>{task.said}</Said>
        <Submit task={task} disabled={code.trim().length < 6} className="h-8! w-full">
          Set it and sign in
        </Submit>
      </form>
      <Button look="plain" className="self-start" onClick={() => go('forgotten')}>
        Send another code
      </Button>
    </Sheet>
  )
}
