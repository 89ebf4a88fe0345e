//! Addresses: areas around Vapi and Valsad in Gujarat, and across the border in Maharashtra, with
//! made-up societies.
//!
//! It deliberately does not promise that a society exists in its area.

use super::dice::Dice;
use super::people::Script;

/// A part of a town: name in Latin, Gujarati and Devanagari letters, and postal code.
#[derive(Clone, Copy)]
pub struct Area {
    names: [&'static str; 3],
    pincode: &'static str,
}

const fn area(names: [&'static str; 3], pincode: &'static str) -> Area {
    Area { names, pincode }
}

const HOME: [Area; 9] = [
    area(["Vapi", "વાપી", "वापी"], "396191"),
    area(["GIDC Vapi", "જીઆઈડીસી વાપી", "जीआईडीसी वापी"], "396195"),
    area(["Chala", "ચલા", "चला"], "396191"),
    area(["Valsad", "વલસાડ", "वलसाड"], "396001"),
    area(["Pardi", "પારડી", "पारडी"], "396125"),
    area(["Udvada", "ઉદવાડા", "उदवाड़ा"], "396180"),
    area(["Umargam", "ઉમરગામ", "उमरगाम"], "396170"),
    area(["Bhilad", "ભીલાડ", "भिलाड"], "396105"),
    area(["Atul", "અતુલ", "अतुल"], "396020"),
];

const TALASARI: Area = area(["Talasari", "તલાસરી", "तलासरी"], "401606");
const DAHANU: Area = area(["Dahanu", "દહાણુ", "डहाणू"], "401601");
const ACROSS: [Area; 2] = [TALASARI, DAHANU];

const SOCIETIES: [[&str; 3]; 10] = [
    ["Shanti Residency", "શાંતિ રેસિડેન્સી", "शांति रेसिडेंसी"],
    ["Ashopalav Society", "આસોપાલવ સોસાયટી", "अशोपालव सोसाइटी"],
    ["Gulab Park", "ગુલાબ પાર્ક", "गुलाब पार्क"],
    ["Tulsi Heights", "તુલસી હાઇટ્સ", "तुलसी हाइट्स"],
    ["Sardar Nagar", "સરદાર નગર", "सरदार नगर"],
    ["Ambika Row House", "અંબિકા રો હાઉસ", "अंबिका रो हाउस"],
    ["Suryakiran Apartment", "સૂર્યકિરણ એપાર્ટમેન્ટ", "सूर्यकिरण अपार्टमेंट"],
    ["Narmada Complex", "નર્મદા કોમ્પ્લેક્સ", "नर्मदा कॉम्प्लेक्स"],
    ["Vrundavan Bungalows", "વૃંદાવન બંગલોઝ", "वृंदावन बंगलोज़"],
    ["Gokul Vihar", "ગોકુલ વિહાર", "गोकुल विहार"],
];

/// The area that a route serves.
pub fn of_route(route: u32) -> Area {
    let place = usize::try_from(route).unwrap_or(0) % HOME.len();
    HOME[place]
}

/// An area in Maharashtra.
pub fn across_the_border(dice: &mut Dice) -> Area {
    dice.pick(&ACROSS)
}

impl Area {
    /// The postal code; now and then with a space, as on envelopes.
    pub fn pincode(&self, dice: &mut Dice) -> String {
        match self.pincode.split_at_checked(3) {
            Some((first, rest)) if dice.chance(500) => format!("{first} {rest}"),
            _ => self.pincode.to_owned(),
        }
    }

    /// The address of a home.
    pub fn home(&self, script: Script, dice: &mut Dice) -> String {
        let letters = script as usize;
        let (area, society) = (self.names[letters], dice.pick(&SOCIETIES)[letters]);
        let (wing, other) = (dice.pick(&["A", "B", "C", "D", "E"]), dice.between(1, 120));
        let flat = dice.between(1, 9) * 100 + dice.between(1, 6);
        if script != Script::Latin {
            return format!("{wing}-{flat}, {society}, {area}");
        }
        match dice.below(100) {
            0..=44 => format!("Flat {flat}, Wing {wing}, {society}, {area}"),
            45..=64 => format!("{wing}/{flat} {society} {area}"),
            65..=84 => format!("{other}, {society}, near water tank, {area}"),
            85..=92 => format!("House {other}, \"{society}\", {area}"),
            _ => format!("Bungalow {other} {society}"),
        }
    }

    /// The address of a shop.
    pub fn shop(&self, dice: &mut Dice) -> String {
        let (number, area) = (dice.between(1, 60), self.names[0]);
        match dice.below(3) {
            0 => format!("Shop {number}, Station Road, {area}"),
            1 => format!("Plot {number}, Phase {}, {area}", dice.between(1, 4)),
            _ => format!("{number} Main Bazaar, opp. \"Gandhi Chowk\", {area}"),
        }
    }
}
