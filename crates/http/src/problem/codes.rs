//! Every code an answer may carry, with its status, its title and what it means.
//!
//! It deliberately is a plain table; `docs/reference/errors.md` is printed from it.

use axum::http::StatusCode;

/// Declares the codes.
macro_rules! codes {
    ($($name:ident $word:literal $status:ident $title:literal $meaning:literal;)*) => {
        /// A stable code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        /// All codes, in the order of the reference.
        pub const CODES: &[Code] = &[$(Code::$name,)*];

        impl Code {
            /// The word for programs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// A few words, always the same.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What happened and what to do.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    BadRequest "bad_request" BAD_REQUEST "The request cannot be read"
        "The path, the query or the body is not what this place expects; nothing was done.";
    BadJson "bad_json" BAD_REQUEST "The body is not JSON"
        "The body cannot be read as JSON (RFC 8259): it ends too early, is nested too deeply, or \
         holds something that JSON has no word for.";
    IdempotencyKeyMissing "idempotency_key_missing" BAD_REQUEST "Idempotency-Key is missing"
        "Requests that create or move something at this place need the header Idempotency-Key.";
    IdempotencyKeyBad "idempotency_key_bad" BAD_REQUEST "Idempotency-Key cannot be used"
        "The header Idempotency-Key holds 1 to 255 visible ASCII characters, bare or in quotes.";
    NotSignedIn "not_signed_in" UNAUTHORIZED "Sign-in is needed"
        "The request carries no valid sign-in: none at all, or a token that has expired, was \
         withdrawn, or is not ours.";
    BadSignature "bad_signature" UNAUTHORIZED "The delivery is not authentic"
        "The webhook is not signed, not signed with a secret that is in force, or signed too long \
         ago or in the future; nothing of it was kept.";
    SignInFailed "sign_in_failed" UNAUTHORIZED "Sign-in failed"
        "Login, password or code is wrong, or signing in is not possible at this moment.";
    CodeNeeded "code_needed" UNAUTHORIZED "A code is needed"
        "The password is right; the code of the second factor is needed too.";
    RefreshRefused "refresh_refused" UNAUTHORIZED "The session cannot go on"
        "The refresh token is unknown, has expired, or was used before; sign in again.";
    NotAllowed "not_allowed" FORBIDDEN "Not allowed"
        "The person or key may not do this; the table of permissions says who may.";
    ProofNeeded "proof_needed" FORBIDDEN "Proof is needed"
        "This act needs the password, or the code, shown again within the last minutes: \
         POST /api/v1/session/proof, then repeat the request.";
    CrossSite "cross_site" FORBIDDEN "Not from another site"
        "A browser sent this from a page of another site; cookies are not accepted from there.";
    NotFound "not_found" NOT_FOUND "Not found"
        "There is no such thing, or the caller may not know of it.";
    NoBusiness "no_business" NOT_FOUND "No business yet"
        "The database has no business yet; run dairyos init.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "The method is not known here"
        "The header Allow names the methods of this place.";
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE "No such form"
        "The header Accept asks for a form that this place does not give.";
    TooSlow "too_slow" REQUEST_TIMEOUT "The request took too long"
        "The request did not come, or was not carried out, in time. Whether a change was made is \
         not known: look, or repeat it with the same Idempotency-Key.";
    Conflict "conflict" CONFLICT "It does not go together"
        "The request does not fit the present state, for example because a code is taken already.";
    NotConfigured "not_configured" CONFLICT "A setting is needed"
        "The settings do not say what is needed for it; the detail names the setting.";
    ChangedMeanwhile "changed_meanwhile" CONFLICT "Changed meanwhile"
        "Something changed while the request was carried out; nothing was kept. Try again.";
    BusinessExists "business_exists" CONFLICT "The business exists"
        "The database belongs to another business already.";
    NothingToIssue "nothing_to_issue" CONFLICT "Nothing to issue"
        "The month has no drafts to issue.";
    RequestOutstanding "request_outstanding" CONFLICT
        "A request is outstanding for this Idempotency-Key"
        "The first request with this key is still at work; ask again in a moment.";
    VersionLost "version_lost" PRECONDITION_FAILED "Somebody was quicker"
        "If-Match names a version that is no longer the present one; read it again.";
    TooLarge "too_large" PAYLOAD_TOO_LARGE "The body is too large"
        "The body is larger than this place takes; nothing was done.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE
        "The body is of another kind"
        "The header Content-Type must name the kind of body that this place takes.";
    Invalid "invalid" UNPROCESSABLE_ENTITY "The content is not valid"
        "The body can be read, but parts of it cannot be accepted; errors names each.";
    BadArgument "bad_argument" UNPROCESSABLE_ENTITY "The content is not valid"
        "What was asked for cannot be understood or does not fit together.";
    BadFile "bad_file" UNPROCESSABLE_ENTITY "The file cannot be imported"
        "The file has bad rows; nothing of it was imported. errors names each place.";
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY
        "Idempotency-Key is already used"
        "The key was used with another content; a new request needs a new key.";
    FutureMonth "future_month" UNPROCESSABLE_ENTITY "The month has not begun"
        "Bills are made for months up to the present one.";
    CannotBill "cannot_bill" UNPROCESSABLE_ENTITY "It cannot be billed"
        "A customer cannot be billed as the facts stand.";
    AmountTooLarge "amount_too_large" UNPROCESSABLE_ENTITY "The amount is too large"
        "A sum does not fit into what can be kept exactly.";
    SeriesFull "series_full" UNPROCESSABLE_ENTITY "The series is full"
        "There is no further bill number in the series.";
    VersionNeeded "version_needed" PRECONDITION_REQUIRED "If-Match is needed"
        "A change names the version it is made from in the header If-Match.";
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS "Too many requests"
        "The caller has used up its share; Retry-After says when there is more.";
    HeadersTooLarge "headers_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE "Headers are too large"
        "The headers of the request are larger than is taken.";
    Internal "internal" INTERNAL_SERVER_ERROR "Something is wrong here"
        "The request could not be carried out because of a fault of the program; it is logged \
         under request_id.";
    DatabaseBusy "database_busy" SERVICE_UNAVAILABLE "The database is busy"
        "The database did not answer in time; nothing was kept. Try again.";
    DatabaseDown "database_unreachable" SERVICE_UNAVAILABLE "The database is not there"
        "The database cannot be reached; nothing was kept. Try again.";
    DatabaseReadOnly "database_read_only" SERVICE_UNAVAILABLE "The database cannot be written"
        "The database takes no changes at this moment; nothing was kept.";
    DiskFull "disk_full" INSUFFICIENT_STORAGE "The disk is full"
        "There is no room left on the disk of the database; nothing was kept.";
}

impl Code {
    /// The code of an error of `app`; faults without a code of their own are internal.
    pub fn of(word: &str) -> Self {
        CODES.iter().copied().find(|code| code.as_str() == word).unwrap_or(Self::Internal)
    }
}

/// The reference of all codes, as Markdown.
pub fn reference() -> String {
    let mut text = String::from(
        "# Errors of the API\n\nEvery error is a problem document (RFC 9457, \
         `application/problem+json`) with one of these codes in `code`. This page is generated; \
         a test says when it is stale.\n\n| code | status | title | what happened, what to do |\n\
         | --- | --- | --- | --- |\n",
    );
    for code in CODES {
        text.push_str(&format!(
            "| <a id=\"{0}\"></a>`{0}` | {1} | {2} | {3} |\n",
            code.as_str(),
            code.status().as_u16(),
            code.title(),
            code.meaning()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{CODES, Code, reference};
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_found() {
        let words: HashSet<_> = CODES.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), CODES.len());
        for code in CODES {
            assert_eq!(Code::of(code.as_str()), *code);
        }
        assert_eq!(Code::of("ledger_unbalanced"), Code::Internal);
        assert_eq!(
            reference().lines().filter(|line| line.starts_with("| <a")).count(),
            CODES.len()
        );
    }
}
