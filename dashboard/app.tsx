import { useEffect, useState } from 'preact/hooks';
import { Route, Router, Switch } from 'wouter-preact';
import { call, onSignedOut, sayFault } from './api/client.ts';
import { IdentityContext, type Identity } from './api/identity.ts';
import { forgetResources } from './api/resource.ts';
import { forgetToken, storedToken, storeToken } from './api/session.ts';
import { HomePage } from './pages/home.tsx';
import { JobPage } from './pages/job.tsx';
import { JobsPage } from './pages/jobs.tsx';
import { ModelPage } from './pages/model.tsx';
import { ModelsPage } from './pages/models.tsx';
import { NotFoundPage } from './pages/not-found.tsx';

import { PlaygroundPage } from './pages/playground.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { TenantPage } from './pages/tenant.tsx';
import { TenantsPage } from './pages/tenants.tsx';
import { WebhooksPage } from './pages/webhooks.tsx';
import { Toasts } from './parts/toast.tsx';
import { Shell } from './shell.tsx';

/** Signed in or not; everything else is behind that. */
export function App() {
  const [identity, setIdentity] = useState<Identity>();
  const [fault, setFault] = useState<string>();
  const [isAsking, setAsking] = useState(storedToken() !== null);

  const signOut = (why?: string): void => {
    forgetToken();
    forgetResources();
    setIdentity(undefined);
    setFault(why);
  };
  const signIn = async (): Promise<void> => {
    try {
      setIdentity(await call<Identity>('/me'));
      setFault(undefined);
    } catch (error) {
      signOut(sayFault(error));
    } finally {
      setAsking(false);
    }
  };
  useEffect(() => {
    if (storedToken() !== null) void signIn();
    return onSignedOut(() => signOut('The token is not valid, or not any more.'));
  }, []);

  if (isAsking) return <div class="splash" aria-busy="true" />;
  if (!identity) {
    const enter = (token: string): void => {
      storeToken(token);
      void signIn();
    };
    return <SignInPage fault={fault} onToken={enter} />;
  }
  return (
    <IdentityContext.Provider value={identity}>
      <Router base="/dashboard">
        <Shell onSignOut={() => signOut()}>
          <Pages />
        </Shell>
      </Router>
      <Toasts />
    </IdentityContext.Provider>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/" component={HomePage} />
      <Route path="/jobs" component={JobsPage} />
      <Route path="/jobs/:id">{({ id }) => <JobPage key={id} id={id} />}</Route>
      <Route path="/tenants/:tenant/jobs/:id">
        {({ tenant, id }) => <JobPage key={id} id={id} tenant={tenant} />}
      </Route>
      <Route path="/models" component={ModelsPage} />
      <Route path="/models/:name">{({ name }) => <ModelPage key={name} name={name} />}</Route>
      <Route path="/playground" component={PlaygroundPage} />
      <Route path="/webhooks" component={WebhooksPage} />
      <Route path="/tenants" component={TenantsPage} />
      <Route path="/tenants/:id">{({ id }) => <TenantPage key={id} id={id} />}</Route>
      <Route component={NotFoundPage} />
    </Switch>
  );
}
