//! Figures about calls of gateways.
//!
//! They deliberately name no payment; their labels are words of the program.

use app::payments::Called;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    provider: &'static str,
    operation: &'static str,
    outcome: &'static str,
}

/// What is counted of calls.
#[derive(Default)]
pub(super) struct OfGateways {
    calls: Family<Call, Counter>,
}

impl OfGateways {
    /// Counts that begin at zero, in a registry.
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let counts = Self::default();
        registry.register(
            "billing_gateway_calls",
            "Calls of gateways by what they were for and how they ended",
            counts.calls.clone(),
        );
        counts
    }

    /// Counts a call.
    pub(super) fn count(&self, called: &Called) {
        let Called { provider, operation, outcome } = *called;
        let call = Call { provider: provider.as_str(), operation, outcome };
        self.calls.get_or_create(&call).inc();
    }
}
