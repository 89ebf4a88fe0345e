//! Showing one thing: it is read once between two commits in its area, and shown again before a
//! request has gone through the layers and extractors of its route.
//!
//! It deliberately asks each time who the caller is, whether they may see it and how often they may
//! ask; only the reading is left out.

use crate::caller::Asked;
use crate::extract::{Asking, IfNoneMatch};
use crate::problem::Problem;
use crate::remembered::{Kept, Shown};
use crate::reply::tagged;
use crate::router::BASE;
use crate::service::Service;
use app::access::{Caller, keys, sessions};
use app::{AppError, Area, Epoch, Tx};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Uri, header};
use axum::response::Response;
use domain::access::{Permission, Role};
use std::sync::Arc;

impl Service {
    /// Shows one thing of an area, which looks the same to everybody who may see it, or says that
    /// the caller has it already.
    pub(crate) async fn show(
        &self,
        asking: &Asking,
        permission: Permission,
        (uri, seen): (&Uri, &IfNoneMatch),
        area: Area,
        find: impl FnOnce(&mut Tx<'_>) -> Result<Shown, AppError> + Send + 'static,
    ) -> Result<Response, Problem> {
        let (epoch, path) = (self.store().epoch(), uri.path());
        if let Some((_, shown)) = epoch.and_then(|epoch| self.again(&asking.asked, epoch, path)) {
            return Ok(tagged(shown?, seen));
        }
        let found = self.look(asking, permission, |tx, caller| own(caller, find(tx)?));
        let shown = found.await?;
        if let (Some(epoch), Some(route)) = (epoch, &asking.route) {
            let kept = Kept { permission, shown: shown.clone(), route: Arc::from(route.as_str()) };
            self.remembered().keep_shown(epoch, area, path, kept);
        }
        Ok(tagged(shown, seen))
    }

    /// The answer to a request for what was shown since the last commit, and the route it would
    /// have taken. It is left to the layers when it is to be compressed: from so many bytes on, for
    /// a caller who takes that.
    pub(crate) fn shown_before(
        &self,
        request: &Request,
        asked: &Asked,
        compress_from: Option<usize>,
    ) -> Option<(Arc<str>, Result<Response, Problem>)> {
        let (uri, headers) = (request.uri(), request.headers());
        if request.method() != Method::GET || uri.query().is_some() {
            return None;
        }
        // Handlers are told the path without what all have in common.
        let path = uri.path().strip_prefix(BASE)?;
        let (route, again) = self.again(asked, self.store().epoch()?, path)?;
        let size = again.as_ref().map_or(0, |shown| shown.body.len());
        let is_large = compress_from.is_some_and(|from| from <= size);
        if is_large && headers.contains_key(header::ACCEPT_ENCODING) {
            return None;
        }
        let mut answer = again.map(|shown| tagged(shown, &IfNoneMatch::of(headers)));
        if let Ok(answer) = &mut answer
            && is_large
        {
            let by = HeaderValue::from_static("accept-encoding");
            answer.headers_mut().insert(header::VARY, by);
        }
        Some((route, answer.map_err(Problem::from)))
    }

    /// What was shown at a path since the last commit, for a caller who is known since then.
    fn again(
        &self,
        asked: &Asked,
        epoch: Epoch,
        path: &str,
    ) -> Option<(Arc<str>, Result<Shown, AppError>)> {
        let (remembered, now) = (self.remembered(), self.now());
        let to = |caller: &Caller, kept: Kept| {
            self.permit(caller, kept.permission)?;
            own(caller, kept.shown)
        };
        let holds = |kept: &Kept| kept.shown.holds_until.is_none_or(|until| now < until);
        match asked {
            Asked::Token(_, Some(claims)) => {
                let (found, kept) = remembered.shown(epoch, &claims.session, path)?;
                let judged = sessions::judge(self.secrets(), &found, claims, now);
                let route = kept.route.clone();
                holds(&kept).then(|| (route, judged.and_then(|caller| to(caller, kept))))
            }
            Asked::Key(key) => {
                let (found, kept) = remembered.shown_to_key(epoch, key, path)?;
                let judged = keys::judge(&found, now);
                // Whose use is to be noted is read anew.
                let noted = judged.as_ref().is_ok_and(|checked| checked.note_use);
                let (route, holds) = (kept.route.clone(), !noted && holds(&kept));
                holds.then(|| (route, judged.and_then(|found| to(&found.caller, kept))))
            }
            _ => None,
        }
    }
}

/// What is shown, unless a customer asks for what is not about themselves.
fn own(caller: &Caller, shown: Shown) -> Result<Shown, AppError> {
    let is_own = shown.whose.is_some() && shown.whose == caller.customer;
    if caller.role == Role::Customer && !is_own {
        return Err(AppError::NotFound("there is no such customer".to_owned()));
    }
    Ok(shown)
}
