//! How much is kept, and how big the tables may get: the operator's business, not the wiki's, so these are flags and
//! environment variables.

use anyhow::ensure;
use shared::db::Db;
use shared::db::links::size;

use crate::settings::KeepSettings;

/// Flags of everything that stores or takes out.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Keep {
    /// Days for which each addition is kept as a row
    #[arg(long, env = "WIKICREW_KEEP_ROWS_DAYS", value_name = "DAYS", default_value_t = 120,
        value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub keep_rows_days: u32,
    /// Days for which counts of users and hosts are kept after the last addition
    #[arg(long, env = "WIKICREW_KEEP_PAIRS_DAYS", value_name = "DAYS", default_value_t = 730,
        value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub keep_pairs_days: u32,
    /// Days after which addresses are cut to ranges (/24 and /48)
    #[arg(long, env = "WIKICREW_KEEP_IP_DAYS", value_name = "DAYS", default_value_t = 90,
        value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub keep_ip_days: u32,
    /// How big the database may get, in GB of 10^9 bytes; from 70 % on there are warnings, at 100 % nothing more is stored
    #[arg(long, env = "WIKICREW_SIZE_LIMIT_GB", value_name = "GB", default_value_t = 20.0, value_parser = gigabytes)]
    pub size_limit_gb: f64,
}

fn gigabytes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1e6 => Ok(value),
        _ => Err("write a number of gigabytes above 0".to_owned()),
    }
}

impl Keep {
    /// Days for which additions are kept as rows: the settings can only ask for fewer than the operator.
    pub fn rows_days(&self, settings: &KeepSettings) -> u32 {
        let asked = u32::try_from(settings.additions.num_days()).unwrap_or(u32::MAX);
        self.keep_rows_days.min(asked)
    }

    /// Warns when the database is nearly as big as it may get. Errs when it is: the server's own quota would stop every
    /// job of the account.
    pub async fn look_at_size(&self, db: &Db) -> anyhow::Result<()> {
        let sizes = db.read(async |db| size::measure(db).await).await?;
        let (total, limit) = (gb(sizes.total()), self.size_limit_gb);
        ensure!(
            !sizes.is_full(limit),
            "the database has {total} GB, and {limit} GB are allowed: nothing more is stored. Keep fewer days \
             (--keep-rows-days) and run `coi-report prune`, or raise --size-limit-gb"
        );
        if sizes.is_nearly_full(limit) {
            tracing::warn!(
                "the database has {total} GB of {limit}; at 100 % nothing more is stored. Keep fewer days, or raise \
                 --size-limit-gb"
            );
        }
        Ok(())
    }
}

/// Bytes in GB, to be read.
pub fn gb(bytes: u64) -> String {
    format!("{:.2}", bytes as f64 / 1e9)
}
