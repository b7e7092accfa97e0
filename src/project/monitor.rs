//! What watches the services of a host: exporters of Prometheus, and its jobs on the host itself.
//!
//! Prometheus on another host may watch too; that is not looked for.

use super::host::Host;
use super::port::Number;
use super::service::{Service, ServiceKind};
use crate::eval::Condition;

/// A job of Prometheus and a port of this host that it reads.
pub(super) struct Job {
    name: String,
    port: u16,
}

impl Host<'_> {
    /// What watches a service: names of exporters and of jobs, sorted.
    pub fn watchers(&self, service: &Service) -> Vec<String> {
        let mut watchers = Vec::new();
        if let Some(upstream) = service.upstream.as_ref().filter(|_| service.kind == ServiceKind::Option) {
            for exporter in &upstream.service.exporters {
                let unit = format!("prometheus-{exporter}-exporter.service");
                if self.services().iter().any(|other| other.units.contains(&unit)) {
                    watchers.push(format!("{exporter} exporter"));
                }
            }
        }
        let jobs = self.views.jobs.get_or_init(|| self.build_jobs());
        for port in self.ports().iter().filter(|port| port.owner == service.name && port.kind == service.kind)
        {
            let Some(number) = port.number.value() else { continue };
            let reads = |job: &&Job| number.overlaps(Number::one(job.port));
            watchers.extend(jobs.iter().filter(reads).map(|job| format!("job {}", job.name)));
        }
        watchers.sort();
        watchers.dedup();
        watchers
    }

    fn build_jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        let configs = self.below(self.root(), "services.prometheus.scrapeConfigs");
        for config in self.items(&configs).0 {
            let node = self.node_of(&config);
            let name = self.text_setting(&self.below(&node, "job_name"), &config.condition);
            let Some(name) = name.and_then(|name| name.value().cloned()) else { continue };
            for targets in self.items(&self.below(&node, "static_configs")).0 {
                let targets = self.node_of(&targets);
                let (targets, _) = self.texts(&self.below(&targets, "targets"));
                let port = |target: &String| self.own_port(target);
                let of_port = |port| Job { name: name.clone(), port };
                jobs.extend(targets.iter().filter_map(port).map(of_port));
            }
        }
        jobs
    }

    /// The port of a target on this host.
    fn own_port(&self, target: &str) -> Option<u16> {
        let (address, port) = target.rsplit_once(':')?;
        let name = self.below(self.root(), "networking.hostName");
        let name = self.text_setting(&name, &Condition::True);
        let is_own = matches!(address, "localhost" | "[::1]" | "0.0.0.0")
            || address.starts_with("127.")
            || name.is_some_and(|name| name.value().is_some_and(|name| name == address));
        if is_own { port.parse().ok() } else { None }
    }
}
